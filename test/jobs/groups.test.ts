import { expect, test } from 'vitest';
import { type Group, groupOf } from '../../src/jobs/groups.ts';

test.each<[Group, string, string, string]>([
  ['month', '2024-02', '2024-02-01', '2024-03-01'],
  ['month', '2026-12', '2026-12-01', '2027-01-01'],
  ['week', '2025-W01', '2024-12-30', '2025-01-06'], // 1 January 2025 is a Wednesday
  ['week', '2026-W53', '2026-12-28', '2027-01-04'], // 31 December 2026 is a Thursday
  ['day', '2024-02-29', '2024-02-29', '2024-03-01'],
])('the %s %s begins on %s and ends before %s', (name, id, first, next) => {
  const group = groupOf(name);
  const days = group.kind === 'time' ? group.daysOf?.(id) : undefined;
  expect(days?.map((day) => new Date(day * 86_400_000).toISOString().slice(0, 10))).toEqual([first, next]);
});
