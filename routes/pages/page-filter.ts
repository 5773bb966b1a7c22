import type { Context } from 'hono';
import type { z } from 'zod';
import { footprintKeys } from '../../src/clusters/metrics.ts';
import { savedFilters as savedFiltersStatement } from '../../src/db/statements/filters-of-user.ts';
import { readableTags } from '../../src/db/statements/readable-tags.ts';
import { Fault } from '../../src/faults.ts';
import { parseFilter, withoutDates } from '../../src/http/query/job-filter-query.ts';
import { nowSec, queryOf } from '../../src/http/request-values.ts';
import type { AppEnv } from '../../src/http/service.ts';
import type { JobFilter } from '../../src/jobs/filter.ts';
import { hiddenFrom, isKeyHiddenAmong } from '../../src/jobs/hidden-metrics.ts';
import { rightsOf } from '../../src/jobs/roles.ts';
import { savedFiltersIn } from '../../src/jobs/saved-filter.ts';
import type { Whole } from '../../src/jobs/statistics.ts';
import { readableScopes } from '../../src/jobs/visibility.ts';
import { address, type Filtered, filterWords } from '../../src/pages/filter/filter-words.ts';
import { filterForm, type Offers } from '../../src/pages/filter/form.ts';
import { entriesOf, queryOfEntries, SENT } from '../../src/pages/filter/form-entries.ts';
import { type Saved, savedFilters } from '../../src/pages/filter/saved.ts';
import { type Html, html } from '../../src/pages/html.ts';
import { pageAnswer } from '../../src/pages/layout.ts';

/** The filter in the address of a page, or the entries of its form: valid ones (`sent`) or ones with problems. */
export type Asked =
  | { kind: 'filter'; page: Filtered; filter: JobFilter }
  | { kind: 'sent'; to: string }
  | { kind: 'wrong'; page: Filtered; entries: URLSearchParams; problems: ReadonlyMap<string, string> };

/** The number of filter values in an address. Each is shown with a link that contains all others. */
const MOST_VALUES = 100;
/** The number of form entries in an address. A form with MOST_VALUES values also sends many empty entries. */
const MOST_ENTRIES = 500;

/** Throws invalid_request if an address has more values than a page accepts. */
export function checkCount(values: number, most = MOST_VALUES): void {
  if (values > most) {
    throw new Fault('invalid_request', `the address of a page may have at most ${most} values; the API accepts more`);
  }
}

/**
 * Reads the filter in the address of the page at `path`. `view` is the schema of the page's other parameters. A new
 * filter keeps them, except `page`. Throws invalid_request with an unknown or invalid parameter.
 */
export function askedFilter(c: Context<AppEnv>, path: string, view: z.ZodObject): Asked {
  const own = Object.keys(view.shape);
  const all = [...queryOf(c)];
  checkCount(all.length, queryOf(c).has(SENT) ? MOST_ENTRIES : MOST_VALUES);
  const keep = new URLSearchParams(all.filter(([name]) => own.includes(name) && name !== 'page'));
  if (!queryOf(c).has(SENT)) {
    const query = new URLSearchParams(all.filter(([name]) => !own.includes(name)));
    const filter = parseFilter(query, nowSec(c));
    return { kind: 'filter', page: { path, query: withoutDates(query, nowSec(c)), keep }, filter };
  }
  const rest = all.filter(([name]) => name !== SENT && !name.startsWith('f.') && !own.includes(name));
  parseFilter(rest, nowSec(c)); // refuses unknown parameters
  const entries = new URLSearchParams(all.filter(([name]) => name.startsWith('f.')));
  const { query, problems } = queryOfEntries(entries);
  if (problems.size > 0) return { kind: 'wrong', page: { path, query, keep }, entries, problems };
  return { kind: 'sent', to: address(path, query, keep) };
}

/** Renders the filter as text, the form to change it, and the saved filters. */
export async function filterParts(c: Context<AppEnv>, asked: Exclude<Asked, { kind: 'sent' }>): Promise<Html> {
  const { page } = asked;
  const [tags, saved] = await Promise.all([
    c.get('db').read(readableTags(readableScopes(c.get('user'))), c.get('deadline')),
    savedBy(c),
  ]);
  const labelled = labelledTags(tags);
  const offers = {
    ...configured(c, asked.kind === 'filter' ? asked.filter : []),
    tags: labelled,
    tagsInAll: tags[0]?.total ?? 0,
  };
  const isWrong = asked.kind === 'wrong';
  const form = filterForm({
    page,
    entries: isWrong ? asked.entries : entriesOf(page.query),
    problems: isWrong ? asked.problems : new Map(),
    offers,
    open: isWrong,
  });
  return html`${!isWrong && filterWords(page, new Map(labelled.map(({ id, label }) => [id, label])))}<div class="filters">${form}${!isWrong && savedFilters(page, saved)}</div>`;
}

/** Returns the filters that the visitor has saved. */
export async function savedBy(c: Context<AppEnv>): Promise<Saved> {
  const rows = await c.get('db').read(savedFiltersStatement(c.get('user').name), c.get('deadline'));
  const lacks = !rightsOf(c.get('user')).writesOwn ? 'right' : rows.length === 0 ? 'account' : undefined;
  return { filters: savedFiltersIn(rows), lacks };
}

/** Returns tags with the words that pages show for them. */
export function labelledTags(tags: readonly { id: Whole; type: string; name: string; scope: string }[]) {
  return tags.map(({ id, type, name, scope }) => ({
    id: String(id),
    label: `${type}: ${name}${scope === 'global' ? '' : ` (${scope === 'admin' ? 'admins' : 'private'})`}`,
  }));
}

/** Answers with the form and the problems of its entries. */
export async function wrongFilter(
  c: Context<AppEnv>,
  asked: Extract<Asked, { kind: 'wrong' }>,
  title: string,
): Promise<Response> {
  const content = html`<h1>${title}</h1>${await filterParts(c, asked)}<p class="problem" role="alert">Please correct the filter.</p>`;
  return pageAnswer(c, { title, content }, 400);
}

/** Returns the choices that the configured clusters offer. */
function configured(c: Context<AppEnv>, filter: JobFilter): Omit<Offers, 'tags' | 'tagsInAll'> {
  const { clusters } = c.get('service');
  const hidden = hiddenFrom(c.get('user'), clusters);
  return {
    configured: {
      cluster: clusters.list.map(({ name }) => name),
      subcluster: [...new Set(clusters.list.flatMap(({ subClusters }) => subClusters.map(({ name }) => name)))],
    },
    metrics: footprintKeys(clusters).filter(({ key }) => !isKeyHiddenAmong(hidden, filter, key)),
  };
}
