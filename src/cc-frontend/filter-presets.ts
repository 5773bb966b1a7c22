/** A filter as cc-backend's front end expects it in the global `filterPresets`. */
export type FilterPresets = Record<string, unknown>;

const TEXTS = ['cluster', 'subCluster', 'partition', 'jobName', 'shared', 'schedule', 'node'];
const SIZES = ['numNodes', 'numHWThreads', 'numAccelerators', 'energy'];
/** The last second of the year 9999. Later times have no RFC 3339 form. */
const LAST_SEC = 253_402_300_799;
const INT64_LIMIT = 2n ** 63n;

/**
 * Reads the filter in the address of one of cc-backend's pages (contract/frontend.md §1.2). Unknown and malformed
 * parameters are ignored, as there: links of other versions lead to a page, not to an error. The `…Match` parameters of
 * the front end's own links are never read.
 */
export function filterPresets(query: URLSearchParams): FilterPresets {
  const text = (name: string) => query.get(name) ?? '';
  const presets: FilterPresets = {};
  for (const name of TEXTS) if (text(name) !== '') presets[name] = text(name);
  if (text('project') !== '') Object.assign(presets, { project: text('project'), projectMatch: 'eq' });

  const users = query.getAll('user');
  if (users.length === 1) Object.assign(presets, { user: users[0], userMatch: 'contains' });
  else if (users.length > 1) Object.assign(presets, { user: users, userMatch: 'in' });

  for (const name of ['state', 'dbId']) if (query.has(name)) presets[name] = query.getAll(name);
  if (query.has('tag')) presets['tags'] = query.getAll('tag').map((id) => wholeNumber(id) ?? -1);

  const jobIds = query.getAll('jobId');
  if (text('jobId') !== '') {
    const isOne = jobIds.length === 1;
    Object.assign(presets, { jobId: isOne ? jobIds[0] : jobIds, jobIdMatch: isOne ? 'eq' : 'in' });
  }
  const given = {
    arrayJobId: wholeNumber(text('arrayJobId')),
    duration: durationRange(text('duration')),
    ...Object.fromEntries(SIZES.map((name) => [name, sizeRange(text(name).split('-'))])),
    startTime: startTime(text('startTime')),
    ...(query.has('stat') ? { stats: query.getAll('stat').flatMap(statRange) } : {}),
  };
  for (const [name, value] of Object.entries(given)) if (value !== undefined) presets[name] = value;
  return presets;
}

/** A whole number with an optional sign. Undefined for other texts, and beyond 64 bits. */
function wholeNumber(text: string | undefined): number | undefined {
  if (text === undefined || !/^[+-]?\d{1,30}$/.test(text)) return undefined;
  const exact = BigInt(text.replace('+', ''));
  return exact < INT64_LIMIT && exact >= -INT64_LIMIT ? Number(exact) : undefined;
}

interface Range {
  from: number;
  to: number;
}

/** `A-B`, `lessthan-N` or `morethan-N`, split at the hyphens. For the front end, 0 is an open end. */
function sizeRange([first, second, ...rest]: string[]): Range | undefined {
  const to = wholeNumber(second);
  if (to === undefined || rest.length > 0) return undefined;
  if (first === 'lessthan') return { from: 1, to };
  if (first === 'morethan') return { from: to, to: 0 };
  const from = wholeNumber(first);
  return from === undefined ? undefined : { from, to };
}

/** As `sizeRange`, but open ranges of durations have their own members. */
function durationRange(text: string) {
  const [first, second] = text.split('-');
  const range = sizeRange(text.split('-'));
  if (range === undefined) return undefined;
  if (first === 'lessthan') return { lessThan: wholeNumber(second), from: 0, to: 0 };
  if (first === 'morethan') return { moreThan: wholeNumber(second), from: 0, to: 0 };
  return range;
}

/** `FIELD-A-B`, or nothing. */
function statRange(text: string) {
  const [field, ...ends] = text.split('-');
  const range = sizeRange(ends);
  return range === undefined ? [] : [{ field, ...range }];
}

/** `A-B` in Unix seconds, or the name of a range such as `last30d`. */
function startTime(text: string) {
  if (text === '') return undefined;
  const parts = text.split('-');
  if (parts.length !== 2) return { range: text };
  const [from, to] = parts.map(rfc3339);
  return from === undefined || to === undefined ? undefined : { from, to };
}

function rfc3339(text: string): string | undefined {
  const seconds = wholeNumber(text);
  if (seconds === undefined || seconds < 0 || seconds > LAST_SEC) return undefined;
  return new Date(seconds * 1000).toISOString().replace('.000Z', 'Z');
}
