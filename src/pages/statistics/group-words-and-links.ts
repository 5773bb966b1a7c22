import { type Group, groupOf } from '../../jobs/groups.ts';
import { BOUNDS } from '../../jobs/input-bounds.ts';
import { startOfDay, type TimeZone } from '../../jobs/time-zone.ts';
import { cut } from '../cut-text.ts';

const DAY_MS = 86_400_000;
const WEEKDAYS = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'];

/** A group of a row. */
interface Shown {
  readonly by: Group | undefined;
  readonly id: string;
}

/** Returns what people call a group. */
export function shownGroup(by: Group | undefined, id: string): string {
  if (id === '') return '(none)';
  if (by === 'weekday') return WEEKDAYS[Number(id) - 1] ?? id;
  return by === 'hour' ? `${id.padStart(2, '0')}:00` : cut(id);
}

/** Returns the filter with only the jobs of these groups. Undefined if no filter selects them. */
export function narrowed(
  query: URLSearchParams,
  groups: readonly Shown[],
  zone: TimeZone,
): URLSearchParams | undefined {
  const own = new URLSearchParams(query);
  for (const { by, id } of groups) {
    const conditions = by === undefined ? undefined : conditionsOf(by, id, zone);
    if (conditions === undefined) return undefined;
    for (const [name, value] of conditions) {
      // Two ranges of a field cannot be combined in an address.
      if (value.length > BOUNDS.text.most || (name === 'start-time' && own.has(name))) return undefined;
      own.set(name, value);
    }
  }
  return own;
}

function conditionsOf(by: Group, id: string, zone: TimeZone): (readonly [string, string])[] | undefined {
  const group = groupOf(by);
  switch (group.kind) {
    case 'field':
      return [[group.field, id]];
    case 'size':
      return [['num-nodes', id === '0' ? '-0' : id.includes('-') ? id : `${id}-${id}`]];
    case 'tag':
      return id === '' ? undefined : [['tag', id]];
    case 'node': {
      const at = id.lastIndexOf('/');
      return at < 0
        ? undefined
        : [
            ['cluster', id.slice(0, at)],
            ['node', id.slice(at + 1)],
          ];
    }
    case 'time': {
      const days = group.daysOf?.(id);
      if (days === undefined) return undefined;
      const [from, next] = days.map((day) => startOfDay(day * DAY_MS, zone) / 1000) as [number, number];
      return [['start-time', `${from}-${next - 1}`]];
    }
    case 'name':
      return undefined;
  }
}
