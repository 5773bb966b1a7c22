import { FORM_GROUPS } from '../../jobs/field-kinds.ts';
import { ALL_FIELDS, type AnyField, type FieldOf, type TimesField } from '../../jobs/fields.ts';
import { RECENT } from '../../jobs/recent-periods.ts';
import { type Html, html } from '../html.ts';
import { memberWords } from '../job-state-and-tags.ts';
import type { Filtered } from './filter-words.ts';
import { type Entries, SENT } from './form-entries.ts';
import { type ConfiguredField, formName, isConfigured, OPERATORS, type TypedField, words } from './form-fields.ts';
import { notationOf } from './number-notations.ts';

/** The choices of a form that depend on the service and the caller. */
export interface Offers {
  configured: Readonly<Record<ConfiguredField['name'], readonly string[]>>;
  tags: readonly { id: string; label: string }[];
  /** The number of all tags. The form shows only the first ones. */
  tagsInAll: number;
  /** The keys of footprints, each with its unit. */
  metrics: readonly { key: string; unit: string }[];
}

export interface FilterForm {
  page: Filtered;
  entries: Entries;
  problems: ReadonlyMap<string, string>;
  offers: Offers;
  /** True if the form is expanded. */
  open: boolean;
}

/** Renders a filter as a form. The page then turns the sent form into an address (`form-entries.ts`). */
export function filterForm({ page, entries, problems, offers, open }: FilterForm): Html {
  const form = new Form(entries, problems, offers);
  return html`<details class="filter"${open && html` open`}><summary>Filter</summary>
<form method="get" action="${page.path}">
<input type="hidden" name="${SENT}" value="1">
${[...page.keep].map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`)}
<div class="groups">
${FORM_GROUPS.map((group) => {
  const fields = ALL_FIELDS.filter((field) => field.form.group === group);
  return html`<fieldset><legend>${group}</legend>${fields.map((field) => form.field(field))}</fieldset>\n`;
})}</div>
<p class="buttons"><button class="main">Apply</button> <a href="${page.path}">Clear</a></p>
</form></details>`;
}

interface Choice {
  value: string;
  label: string;
}

const same = (value: string): Choice => ({ value, label: value });

class Form {
  readonly #entries: Entries;
  readonly #problems: ReadonlyMap<string, string>;
  readonly #offers: Offers;

  constructor(entries: Entries, problems: ReadonlyMap<string, string>, offers: Offers) {
    this.#entries = entries;
    this.#problems = problems;
    this.#offers = offers;
  }

  field(field: AnyField): Html {
    switch (field.kind) {
      case 'text':
      case 'name':
      case 'hosts':
        return isConfigured(field)
          ? this.#choices(field, this.#offers.configured[field.name].map(same))
          : this.#texts(field);
      case 'member':
        return this.#choices(
          field,
          field.members.map((member) => ({ value: member, label: memberWords(member) })),
        );
      case 'id':
        return this.#ids(field);
      case 'schedule':
        return this.#schedule(field);
      case 'tag':
        return this.#tags(this.#offers);
      case 'time':
      case 'during':
      case 'ended':
        return this.#time(field);
      case 'whole':
      case 'derived':
      case 'decimal':
      case 'fraction':
        return this.#range(field);
      case 'footprint':
        return this.#metrics(field, this.#offers.metrics);
    }
  }

  /** Renders a row for each text and an empty one. */
  #texts({ name, form: { label }, operators: hasOperators }: TypedField): Html {
    const operators = this.#entries.getAll(`f.${name}.is`);
    const values = this.#entries.getAll(`f.${name}`).filter((value) => value.trim() !== '');
    return html`<div class="field"><label for="f-${name}">${label}</label>
${[...values, ''].map((value, index) => {
  const id = index === 0 ? html` id="f-${name}"` : html` aria-label="another ${label}"`;
  const input = html`<input name="f.${name}"${id} value="${value}" autocomplete="off" autocapitalize="none" spellcheck="false">`;
  if (!hasOperators) return html`<div class="row">${input}</div>`;
  const options = OPERATORS.map(({ suffix, label }) => option(suffix, label, suffix === operators[index]));
  return html`<div class="row"><select name="f.${name}.is" aria-label="${label}: operator">${options}</select>${input}</div>`;
})}</div>`;
  }

  #ids({ name, form: { label } }: FieldOf<'id'>): Html {
    return html`<div class="field"><label for="f-${name}">${label}</label>
<input name="f.${name}" id="f-${name}" value="${this.#entries.get(`f.${name}`) ?? ''}" inputmode="numeric" autocomplete="off"${this.#marks(name)}>${this.#problem(name)}</div>`;
  }

  /** Renders checkboxes. A checked value that is not offered also gets one, so that it is not lost. */
  #choices({ name, form: { label } }: AnyField, offered: readonly Choice[]): Html {
    const chosen = this.#entries.getAll(`f.${name}`);
    const others = chosen.filter((value) => !offered.some((choice) => choice.value === value)).map(same);
    const all = [...offered, ...others];
    if (all.length === 0) return html``;
    return html`<div class="field" role="group" aria-labelledby="f-${name}"><span class="label" id="f-${name}">${label}</span><div class="boxes">
${all.map(
  (choice) =>
    html`<label><input type="checkbox" name="f.${name}" value="${choice.value}"${chosen.includes(choice.value) && html` checked`}> <bdi>${choice.label}</bdi></label>\n`,
)}</div></div>`;
  }

  #tags({ tags: offered, tagsInAll }: Offers): Html {
    const chosen = this.#entries.getAll('f.tag');
    const others = chosen.filter((id) => !offered.some((tag) => tag.id === id));
    const all = [...offered, ...others.map((id) => ({ id, label: `id ${id}` }))];
    if (all.length === 0) return html``;
    return html`<div class="field"><label for="f-tag">Tags (any of)</label>
<select name="f.tag" id="f-tag" multiple size="${Math.min(5, Math.max(2, all.length))}">${all.map(({ id, label }) => option(id, label, chosen.includes(id)))}</select>${tagsInAll > offered.length && html`<p class="note">${offered.length} of ${tagsInAll} tags. To filter by another tag, follow it on the page of a job.</p>`}</div>`;
  }

  #schedule({ form: { label }, members }: FieldOf<'schedule'>): Html {
    const chosen = this.#entries.get('f.schedule') ?? '';
    const options = members.map((schedule) => option(schedule, schedule, schedule === chosen));
    return html`<div class="field"><label for="f-schedule">${label}</label><select name="f.schedule" id="f-schedule"><option value="">any</option>${options}</select></div>`;
  }

  #time(field: TimesField): Html {
    const name = formName(field);
    const chosen = this.#entries.get(`f.${name}`) ?? '';
    const options = RECENT.map(({ word, label }) => option(word, label, word === chosen));
    const end = (which: 'from' | 'to') =>
      html`<label class="end"><span>${which} (UTC)</span><input type="datetime-local" name="f.${name}.${which}" value="${this.#entries.get(`f.${name}.${which}`) ?? ''}" step="any"${this.#marks(name)}></label>`;
    return html`<div class="field"><label for="f-${name}">${field.form.label}</label>
<select name="f.${name}" id="f-${name}"><option value="">any time</option>${options}</select>
<div class="row two" role="group" aria-label="${field.form.label} between">${end('from')}${end('to')}</div>${this.#problem(name)}</div>`;
  }

  #range(field: FieldOf<'whole' | 'derived' | 'decimal' | 'fraction'>): Html {
    const { name, kind, form } = field;
    const { label } = form;
    const { example, mode } = notationOf(field);
    const end = (which: 'from' | 'to') =>
      html`<input name="f.${name}.${which}" aria-label="${label} ${which}" value="${this.#entries.get(`f.${name}.${which}`) ?? ''}" placeholder="${which === 'from' ? example : ''}" inputmode="${mode}" autocomplete="off"${this.#marks(name)}>`;
    return html`<div class="field" role="group" aria-labelledby="f-${name}"><span class="label" id="f-${name}">${label}${kind === 'decimal' && html` <span class="of">${field.unit}</span>`}</span>
<div class="row two">${end('from')}<span>to</span>${end('to')}</div>${this.#problem(name)}</div>`;
  }

  /** Renders a row for each range of a metric and an empty one. */
  #metrics({ form: { label } }: AnyField, offered: Offers['metrics']): Html {
    const keys = this.#entries.getAll('f.metric');
    const [froms, tos] = [this.#entries.getAll('f.metric.from'), this.#entries.getAll('f.metric.to')];
    const rows = keys.flatMap((key, index) => (key === '' ? [] : [{ key, from: froms[index], to: tos[index] }]));
    const others = rows.filter(({ key }) => !offered.some((metric) => metric.key === key));
    const all = [...offered, ...others.map(({ key }) => ({ key, unit: '' }))];
    if (all.length === 0) return html``;
    return html`<div class="field" role="group" aria-labelledby="f-metric"><span class="label" id="f-metric">${label}</span>
${[...rows, { key: '', from: '', to: '' }].map(({ key, from, to }) => {
  const options = all.map((metric) => option(metric.key, labelOf(metric), metric.key === key));
  const end = (which: string, value = '') =>
    html`<input name="f.metric.${which}" aria-label="${label} ${which}" value="${value}" inputmode="decimal" autocomplete="off"${this.#marks('metric')}>`;
  return html`<select name="f.metric" aria-label="Metric"><option value="">none</option>${options}</select>
<div class="row two">${end('from', from)}<span>to</span>${end('to', to)}</div>`;
})}${this.#problem('metric')}</div>`;
  }

  #marks(name: string): Html | false {
    return this.#problems.has(name) && html` aria-invalid="true" aria-describedby="f-${name}-wrong"`;
  }

  #problem(name: string): Html | false {
    const problem = this.#problems.get(name);
    return problem !== undefined && html`<p class="wrong" id="f-${name}-wrong">Please ${problem}.</p>`;
  }
}

function option(value: string, label: string, chosen: boolean): Html {
  return html`<option value="${value}"${chosen && html` selected`}>${label}</option>`;
}

function labelOf({ key, unit }: { key: string; unit: string }): string {
  return unit === '' ? words(key) : `${words(key)} (${unit})`;
}
