import { Fault } from '../../faults.ts';
import { isFootprintKey } from '../../jobs/filter.ts';
import { CHOICE_FIELDS, ID_FIELDS, OPERATORS, RANGE_FIELDS, type RangeKind, TEXT_FIELDS } from './fields.ts';
import { decimalOf, durationText, idsOf, instantOf, instantText, secondsOf, wholeOf } from './human.ts';

/**
 * A form's entries, as a browser sends them: the name of each begins with `f.`, so that none is taken for a parameter of a filter, which has the
 * names of the API. A form is written from entries; and what it sends becomes the filter of an address.
 */
export type Entries = URLSearchParams;

/** The mark of an address that a form has made. */
export const SENT = 'form';

const METRIC = 'metric.';
const RANGE = /^([^-]*)-([^-]*)$/;

/** The entries that say what a filter says. */
export function entriesOf(query: URLSearchParams): Entries {
  const entries: Entries = new URLSearchParams();
  for (const [name, value] of query) {
    const text = TEXT_FIELDS.find((field) => name === field.name || name.startsWith(`${field.name}.`));
    const range = RANGE_FIELDS.find((field) => field.name === name);
    const [, from = '', to = ''] = RANGE.exec(value) ?? [];
    if (text !== undefined) {
      entries.append(`f.${text.name}.is`, name.slice(text.name.length));
      entries.append(`f.${text.name}`, value);
    } else if (range !== undefined) {
      entries.set(`f.${name}.from`, from === '' ? '' : shown(range.kind, from));
      entries.set(`f.${name}.to`, to === '' ? '' : shown(range.kind, to));
    } else if (name.startsWith(METRIC)) {
      entries.append('f.metric', name.slice(METRIC.length));
      entries.append('f.metric.from', from);
      entries.append('f.metric.to', to);
    } else if (name === 'start-time') {
      const isRange = RANGE.test(value);
      entries.set('f.start', isRange ? '' : value);
      entries.set('f.start.from', isRange && from !== '' ? instantText(from) : '');
      entries.set('f.start.to', isRange && to !== '' ? instantText(to) : '');
    } else if (ID_FIELDS.some((field) => field.name === name)) {
      entries.set(`f.${name}`, [entries.get(`f.${name}`), value].filter(Boolean).join(' '));
    } else entries.append(`f.${name}`, value);
  }
  return entries;
}

function shown(kind: RangeKind, value: string): string {
  return kind === 'duration' && /^\d{1,18}$/.test(value) ? durationText(value) : value;
}

export interface Sent {
  query: URLSearchParams;
  /** Name of a field -> what is wrong with it. */
  problems: ReadonlyMap<string, string>;
}

/** The filter that a form's entries say; where something is wrong, without it. */
export function queryOfEntries(entries: Entries): Sent {
  const query = new URLSearchParams();
  const problems = new Map<string, string>();
  const attempt = (field: string, write: () => void) => {
    try {
      write();
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      problems.set(field, error.message);
    }
  };
  for (const { name } of CHOICE_FIELDS) {
    for (const value of entries.getAll(`f.${name}`)) if (value !== '') query.append(name, value);
  }
  for (const { name } of TEXT_FIELDS) {
    const operators = entries.getAll(`f.${name}.is`);
    for (const [index, value] of entries.getAll(`f.${name}`).entries()) {
      const { suffix } = OPERATORS.find((operator) => operator.suffix === operators[index]) ?? OPERATORS[0];
      if (value.trim() !== '') query.append(`${name}${suffix}`, value.trim());
    }
  }
  attempt('start', () => set(query, 'start-time', entries.get('f.start') || range(entries, 'start', instantOf)));
  for (const { name, kind } of RANGE_FIELDS) attempt(name, () => set(query, name, range(entries, name, READERS[kind])));
  for (const { name } of ID_FIELDS) {
    attempt(name, () => {
      for (const id of idsOf(entries.get(`f.${name}`) ?? '')) query.append(name, id);
    });
  }
  set(query, 'schedule', entries.get('f.schedule') ?? '');
  attempt('metric', () => setMetrics(query, entries));
  return { query, problems };
}

const READERS = { duration: secondsOf, whole: wholeOf, decimal: decimalOf } as const;

function set(query: URLSearchParams, name: string, value: string): void {
  if (value !== '') query.set(name, value);
}

/** `A-B`, `A-`, `-B`, or '' where neither is there. */
function range(entries: Entries, name: string, read: (text: string) => string): string {
  return between(entries.get(`f.${name}.from`) ?? '', entries.get(`f.${name}.to`) ?? '', read);
}

function between(from: string, to: string, read: (text: string) => string): string {
  if (from.trim() === '' && to.trim() === '') return '';
  const [low, high] = [from, to].map((text) => (text.trim() === '' ? '' : read(text))) as [string, string];
  if (low !== '' && high !== '' && Number(low) > Number(high)) {
    throw new Fault('invalid_request', 'the first is larger than the second: no job is in between');
  }
  return `${low}-${high}`;
}

function setMetrics(query: URLSearchParams, entries: Entries): void {
  const [froms, tos] = [entries.getAll('f.metric.from'), entries.getAll('f.metric.to')];
  for (const [index, key] of entries.getAll('f.metric').entries()) {
    if (key === '') continue;
    if (!isFootprintKey(key)) throw new Fault('invalid_request', 'choose one of the metrics');
    const value = between(froms[index] ?? '', tos[index] ?? '', decimalOf);
    if (value === '') throw new Fault('invalid_request', 'write from where, or up to where');
    query.set(`${METRIC}${key}`, value);
  }
}
