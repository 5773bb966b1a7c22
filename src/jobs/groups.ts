import { Fault } from '../faults.ts';
import { FIELDS } from './fields.ts';
import type { PageRequest } from './paging.ts';

/** Units of the local start of a job. */
export type TimeUnit = 'month' | 'week' | 'day' | 'hour' | 'weekday';

type FieldGroup = 'user' | 'project' | 'cluster' | 'subcluster' | 'partition' | 'state';

/**
 * How the groups of an answer are made. Keys are texts or whole numbers. Groups are in ascending order of their keys:
 * texts by their UTF-8 bytes.
 *
 * - `field`: the value of a field. `subcluster` and `partition` merge equal names of different clusters.
 * - `size`: the number of nodes, by powers of two.
 * - `name`: the job's name without trailing digits and separators (FOLDED_ENDS). '' for jobs without a name.
 * - `tag`: each tag that the caller may read. The key is its id, 0 for jobs without one.
 * - `node`: each host, as cluster/host. '' for jobs without hosts.
 * - `time`: the start, in a time zone.
 *
 * A job with several tags or hosts counts as a whole in the group of each.
 */
type Entry = {
  /** For people. */
  readonly label: string;
  /** The id of a group with a key that is a number. Other ids are the key. */
  readonly idOf?: (key: number) => string;
} & (
  | { readonly kind: 'field'; readonly field: FieldGroup }
  | { readonly kind: 'size' | 'name' | 'tag' | 'node' }
  | {
      readonly kind: 'time';
      readonly unit: TimeUnit;
      /**
       * Returns the first day of the group with an id, and the first day after it, in days since 1970. Pages link a group
       * to its jobs by them. Undefined if its starts are not of consecutive days: such a group has no link.
       */
      readonly daysOf: ((id: string) => readonly [number, number]) | undefined;
    }
);

/**
 * All groups. From an entry come the parameter of the API with its documentation, the tabs of the page, and the random
 * questions of the tests. src/questions/group-keys/ has the keys of each kind as SQL.
 */
const ENTRIES = {
  user: byField('user'),
  project: byField('project'),
  cluster: byField('cluster'),
  subcluster: byField('subcluster'),
  partition: byField('partition'),
  state: byField('state'),
  size: { kind: 'size', label: 'Size', idOf: sizeClass },
  'name-family': { kind: 'name', label: 'Job names' },
  tag: { kind: 'tag', label: 'Tag', idOf: (id) => (id === 0 ? '' : String(id)) },
  node: { kind: 'node', label: 'Node' },
  month: { kind: 'time', unit: 'month', label: 'Month', idOf: monthId, daysOf: daysOfMonth },
  week: { kind: 'time', unit: 'week', label: 'Week', idOf: weekId, daysOf: daysOfWeek },
  day: { kind: 'time', unit: 'day', label: 'Day', idOf: dayId, daysOf: daysOfDay },
  hour: { kind: 'time', unit: 'hour', label: 'Hour of day', daysOf: undefined },
  weekday: { kind: 'time', unit: 'weekday', label: 'Weekday', daysOf: undefined },
} as const satisfies Record<string, Entry>;

export type Group = keyof typeof ENTRIES;
export const GROUPS = Object.keys(ENTRIES) as readonly Group[];

export function groupOf(name: Group): Entry {
  return ENTRIES[name];
}

/** The groups of an answer. */
export interface Grouping {
  /** At most MOST_GROUPINGS, the first one first. Without one there is one row for all jobs. */
  readonly groupBy?: readonly Group[] | undefined;
  /** The IANA name of the time zone of starts. Default UTC. */
  readonly zone?: string | undefined;
  /** A page of the groups. Without it all are returned. Has no effect without groupBy. */
  readonly page?: PageRequest | undefined;
  /** An answer without a page that has more groups is refused. */
  readonly most?: number | undefined;
}

/** The most groups of an answer without a page. So many are parsed at a stretch within 50 ms (test/many-groups.test.ts). */
export const MOST_GROUPS = 50_000;

/** False for groups by one field: an answer may have each user of the service. */
export function isBounded(groupBy: readonly Group[]): boolean {
  return groupBy.length > 1 || groupBy.some((name) => groupOf(name).kind !== 'field');
}

/** Returns the groups to read: one more than `most`, if there are more. */
export function groupsRead({
  groupBy = [],
  page,
  most,
}: Pick<Grouping, 'page' | 'most'> & { readonly groupBy?: readonly string[] | undefined }): PageRequest | undefined {
  if (groupBy.length === 0) return undefined;
  return page ?? (most === undefined ? undefined : { page: 1, itemsPerPage: most + 1 });
}

/** Throws invalid_request if the answer to a question without a page has more than `most` groups. */
export function refuseMoreGroups({ page, most }: Grouping, rows: readonly unknown[]): void {
  if (page !== undefined || most === undefined || rows.length <= most) return;
  throw new Fault(
    'invalid_request',
    `there are more than ${most} groups: narrow the filter, or request pages of them (page, items-per-page)`,
  );
}

/** The members of a row that tell its group, for each of `groupBy`. */
const MEMBERS = [
  { id: 'id', name: 'name' },
  { id: 'id2', name: 'name2' },
] as const;
export const MOST_GROUPINGS = MEMBERS.length;

/** Returns the members of a row, the first ones also without groups. */
export function groupMembers<Name extends string = Group>({
  groupBy = [],
}: {
  readonly groupBy?: readonly Name[] | undefined;
}) {
  return MEMBERS.slice(0, Math.max(1, groupBy.length)).map((members, at) => ({ ...members, group: groupBy[at] }));
}

/** Returns the id of a group in answers. `key` is the text of its key. */
export function groupId(name: Group | undefined, key: string): string {
  return name === undefined ? '' : (groupOf(name).idOf?.(Number(key)) ?? key);
}

/** The smallest number of nodes of each class. A class ends before the next one. */
export const SIZE_CLASSES: readonly number[] = [0, ...Array.from({ length: 21 }, (_, power) => 2 ** power)];

function sizeClass(least: number): string {
  const next = SIZE_CLASSES.find((other) => other > least);
  if (next === undefined) return `${least}-`;
  return next - 1 <= least ? String(least) : `${least}-${next - 1}`;
}

/** `train_001` and `train-17` are of the family `train`. */
export const FOLDED_ENDS = '0123456789_-.:#()[] ';

/** Days from 0000-01-01, a Saturday, to 1970-01-01, in the Gregorian calendar. Days and weeks are counted from there. */
export const DAYS_BEFORE_1970 = 719_528;
const DAY_MS = 86_400_000;

/** 202610 is 2026-10. */
function monthId(yearAndMonth: number): string {
  const digits = String(yearAndMonth).padStart(6, '0');
  return `${digits.slice(0, -2)}-${digits.slice(-2)}`;
}

function daysOfMonth(id: string): [number, number] {
  const [year = 0, month = 1] = id.split('-').map(Number);
  return [dayOf(`${id}-01`), Date.UTC(year, month) / DAY_MS];
}

/** A week belongs to the year of its Thursday (ISO 8601). */
function weekId(mondays: number): string {
  const thursday = new Date((mondays * 7 - 2 - DAYS_BEFORE_1970) * DAY_MS);
  const newYear = new Date(thursday);
  newYear.setUTCMonth(0, 1);
  const week = Math.floor((thursday.getTime() - newYear.getTime()) / (7 * DAY_MS)) + 1;
  return `${thursday.toISOString().slice(0, 4)}-W${String(week).padStart(2, '0')}`;
}

/** The first week has the fourth of January. */
function daysOfWeek(id: string): [number, number] {
  const fourth = dayOf(`${id.slice(0, 4)}-01-04`);
  const monday = fourth - ((new Date(fourth * DAY_MS).getUTCDay() + 6) % 7) + (Number(id.slice(6)) - 1) * 7;
  return [monday, monday + 7];
}

function dayId(days: number): string {
  return new Date((days - DAYS_BEFORE_1970) * DAY_MS).toISOString().slice(0, 10);
}

function daysOfDay(id: string): [number, number] {
  return [dayOf(id), dayOf(id) + 1];
}

/** The day of a date, in days since 1970. */
function dayOf(date: string): number {
  return Date.parse(`${date}T00:00Z`) / DAY_MS;
}

function byField<Field extends FieldGroup>(field: Field) {
  return { kind: 'field', field, label: FIELDS[field].form.label } as const;
}
