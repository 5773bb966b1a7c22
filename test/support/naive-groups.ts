import { FIELDS } from '../../src/jobs/fields.ts';
import { type Group, type Grouping, groupOf } from '../../src/jobs/groups.ts';
import { timeZone } from '../../src/jobs/time-zone.ts';
import { type Row, TAGS } from './random-jobs.ts';

/** A question about groups, and who asks. */
export interface NaiveGrouping extends Grouping {
  readonly nowSec: number;
  readonly tagScopes: readonly string[];
}

interface Key {
  /** Compared as bytes or as a number. */
  readonly order: string | number;
  readonly id: string;
  readonly name: string;
}

export interface NaiveGroup {
  /** The members of an answer that tell the group. */
  readonly members: { id: string; name: string; id2?: string; name2?: string };
  readonly rows: readonly Row[];
}

const DAY_SEC = 86_400n;
/** The names of weekdays in the order of their numbers. */
const WEEKDAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];

/** The groups in the order of their keys, each with its rows. A row is in the group of each of its keys. */
export function groupsOf(rows: readonly Row[], asked: NaiveGrouping): NaiveGroup[] {
  const { groupBy: [first, second] = [] } = asked;
  const found = new Map<string, { keys: Key[]; rows: Row[] }>();
  for (const row of rows) {
    for (const one of first === undefined ? [textKey('')] : keysOf(row, first, asked)) {
      for (const other of second === undefined ? [undefined] : keysOf(row, second, asked)) {
        const keys = other === undefined ? [one] : [one, other];
        const same = JSON.stringify(keys);
        const group = found.get(same) ?? { keys, rows: [] };
        group.rows.push(row);
        found.set(same, group);
      }
    }
  }
  return [...found.values()]
    .sort((a, b) => compared(a.keys, b.keys))
    .map(({ keys: [one = textKey(''), other], rows: own }) => ({
      members: {
        id: one.id,
        name: one.name,
        ...(other !== undefined && { id2: other.id, name2: other.name }),
      },
      rows: own,
    }));
}

function compared(one: readonly Key[], other: readonly Key[]): number {
  const [a, b] = one.map(({ order }, at) => [order, other[at]?.order ?? order] as const).find(([x, y]) => x !== y) ?? [
    0, 0,
  ];
  return a < b ? -1 : Number(a > b);
}

function keysOf(row: Row, name: Group, asked: NaiveGrouping): Key[] {
  const group = groupOf(name);
  switch (group.kind) {
    case 'field': {
      const value = row[FIELDS[group.field].name] ?? '';
      return [textKey(Buffer.isBuffer(value) ? value : Buffer.from(String(value)))];
    }
    case 'size':
      return [sizeOf(Number(row['num-nodes']))];
    case 'name': {
      let text = (row.metadata.meaning?.jobName ?? Buffer.of()).toString('latin1');
      while (/[0-9_\-.:#()[\] ]$/.test(text)) text = text.slice(0, -1);
      return [textKey(Buffer.from(text, 'latin1'))];
    }
    case 'tag': {
      const own = row.tags.filter((tag) => asked.tagScopes.includes(TAGS.get(tag) ?? 'none'));
      if (own.length === 0) return [{ order: 0, id: '', name: '' }];
      return own.map((tag) => ({ order: Number(tag), id: String(tag), name: `t: n${tag}` }));
    }
    case 'node': {
      const hosts = new Set((row.resources.meaning ?? []).map((host) => host.toString('latin1')));
      if (hosts.size === 0) return [textKey('')];
      return [...hosts].map((host) =>
        textKey(Buffer.concat([row.cluster, Buffer.from('/'), Buffer.from(host, 'latin1')])),
      );
    }
    case 'time':
      return [timeOf(name, row, asked)];
  }
}

function textKey(text: Buffer | string): Key {
  const bytes = Buffer.from(text);
  return { order: bytes.toString('latin1'), id: bytes.toString(), name: '' };
}

function sizeOf(nodes: number): Key {
  let least = nodes < 1 ? 0 : 1;
  while (least > 0 && nodes >= least * 2 && least < 2 ** 20) least *= 2;
  const id = least < 2 ? `${least}` : least === 2 ** 20 ? `${least}-` : `${least}-${least * 2 - 1}`;
  return { order: least, id, name: '' };
}

function timeOf(name: Group, row: Row, { zone = 'UTC', nowSec }: NaiveGrouping): Key {
  const start = row['start-time'];
  const within = (least: bigint, most: bigint) => (start < least ? least : start > most ? most : start);
  const offsetMs = timeZone(zone).offsetAt(Number(within(0n, BigInt(nowSec) + DAY_SEC - 1n)) * 1000);
  // From 0001-01-02 to 9999-12-30.
  const local = new Date(Number(within(-62_135_510_400n, 253_402_214_399n)) * 1000 + offsetMs);
  const text = local.toISOString();
  const key = (order: number, id = String(order)): Key => ({ order, id, name: '' });
  const day = Math.floor(local.getTime() / 86_400_000);
  const weekday = WEEKDAYS.indexOf(local.toUTCString().slice(0, 3)) + 1;
  switch (name) {
    case 'month':
      return key(Number(text.slice(0, 7).replace('-', '')), text.slice(0, 7));
    case 'day':
      return key(day, text.slice(0, 10));
    case 'hour':
      return key(Number(text.slice(11, 13)));
    case 'weekday':
      return key(weekday);
    default: {
      // The week with 4 January is the first one. A year has those weeks that have their Thursday in it.
      const monday = day - weekday + 1;
      const year = new Date((monday + 3) * 86_400_000).toISOString().slice(0, 4);
      const fourth = new Date(`${year}-01-04T00:00Z`);
      const first = fourth.getTime() / 86_400_000 - WEEKDAYS.indexOf(fourth.toUTCString().slice(0, 3));
      return key(monday, `${year}-W${String((monday - first) / 7 + 1).padStart(2, '0')}`);
    }
  }
}
