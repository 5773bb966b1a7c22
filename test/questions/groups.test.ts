/** Every group of the table, in both engines, against a naive computation. */
import fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import { GROUPS, groupId, groupOf } from '../../src/jobs/groups.ts';
import { visibleTo } from '../../src/jobs/visibility.ts';
import { answerOf, indexNextTo } from '../support/column-index.ts';
import { groupsOf } from '../support/naive-groups.ts';
import { type OneQuery, statementFor } from '../support/questions.ts';
import { ZONES } from '../support/random-groups.ts';
import { type Row, randomRows, store } from '../support/random-jobs.ts';
import { testDatabase } from '../support/sql.ts';
import { madeSuitable } from '../support/suitable-jobs.ts';

const RUNS = Number(process.env.FUZZ_RUNS ?? 3);
const NOW = 1_900_000_000;
const ROWS = 50;

const at = (date: string) => BigInt(Date.parse(date) / 1000);
/** Around clock changes, the day that Samoa skipped, a midnight that Brazil skipped, and the ends of weeks and years. */
const CHANGES = [
  ...['2026-03-29T01:00Z', '2026-10-25T01:00Z', '2018-11-04T03:00Z', '2011-12-30T10:00Z', '1985-12-31T18:30Z'],
  ...['2026-11-01T00:00Z', '2027-01-04T00:00Z', '2020-12-31T23:00Z', '2024-02-29T12:00Z', '1970-01-01T00:00Z'],
].map(at);
const starts = fc
  .tuple(fc.constantFrom(...CHANGES), fc.constantFrom(0n, -1n, 1n, 3_599n, -3_600n, 86_400n))
  .map(([change, beyond]) => change + beyond);
const beyondCalendars = fc.constantFrom(-(2n ** 40n), -62_135_510_401n, 253_402_214_400n, 2n ** 40n);
/** A host that occurs twice counts once. */
const TWICE = {
  bytes: Buffer.from('[{"hostname":"n1"},{"hostname":"n2"},{"hostname":"n1"}]'),
  blob: false,
  meaning: ['n1', 'n2', 'n1'].map((host) => Buffer.from(host)),
};
const rows = fc
  .tuple(
    randomRows(ROWS),
    fc.array(fc.oneof({ weight: 9, arbitrary: starts }, { weight: 1, arbitrary: beyondCalendars }), {
      minLength: ROWS,
      maxLength: ROWS,
    }),
    fc.array(fc.constantFrom(0n, 1n, 2n, 3n, 4n, 7n, 8n, 2n ** 20n - 1n, 2n ** 20n), {
      minLength: ROWS,
      maxLength: ROWS,
    }),
  )
  .map(([plain, times, nodes]) =>
    plain.map((row, nth): Row => {
      const [start = 0n, size = 1n] = [times[nth], nodes[nth]];
      const resources = nth % 3 === 0 ? TWICE : row.resources;
      return madeSuitable({
        ...row,
        resources,
        'start-time': start,
        'num-nodes': size,
        duration: 60n,
        state: 'completed',
      });
    }),
  );

const USERS = [
  { name: 'a', roles: new Set(['user', 'api']), projects: [] },
  { name: 'b', roles: new Set(['manager', 'api']), projects: ['a', 'A'] },
  { name: 'root', roles: new Set(['support']), projects: [] },
  { name: 'root', roles: new Set(['admin', 'api']), projects: [] },
];

/** Checks answers of both engines about the same jobs against the naive grouping. */
async function engines() {
  const db = await testDatabase();
  onTestFinished(() => db.close());
  const index = await indexNextTo(db.path);
  onTestFinished(() => index.close());
  const check = async (found: readonly Row[], question: Extract<OneQuery, { kind: 'statistics' }>) => {
    const naive = groupsOf(found, { ...question, tagScopes: question.jobs.tagScopes });
    const expected = naive.map(({ members, rows: own }) => ({ ...members, totalJobs: own.length }));
    const statement = statementFor(question);
    const shown = ({ id, name, id2, name2, totalJobs }: Record<string, unknown>) =>
      id2 === undefined ? { id, name, totalJobs } : { id, name, id2, name2, totalJobs };
    expect((await db.read(statement)).map((row) => shown(row as never))).toEqual(expected);
    const answer = await answerOf(index, question);
    expect(answer.map((row) => shown(statement.row.parse(row) as never))).toEqual(expected);
  };
  return { db, check };
}

test('each group has the jobs of a naive grouping, in every zone and for every role', async () => {
  const { db, check } = await engines();
  await fc.assert(
    fc.asyncProperty(rows, fc.constantFrom(...USERS), async (stored, user) => {
      await store(db, stored);
      const jobs = visibleTo(user);
      const mine = stored.filter(
        ({ user: owner, project }) =>
          user.name === 'root' || owner.toString() === user.name || user.projects.includes(project.toString()),
      );
      for (const group of GROUPS) {
        const zones = groupOf(group).kind === 'time' ? ['UTC', ...ZONES] : [undefined];
        for (const zone of zones) {
          const question = { kind: 'statistics', jobs, nowSec: NOW, shortJobSec: 300, zone } as const;
          await check(mine, { ...question, groupBy: [group] });
        }
      }
    }),
    { numRuns: RUNS, interruptAfterTimeLimit: 120_000, endOnFailure: true },
  );
});

test('each two groups have the jobs of a naive grouping', async () => {
  const { db, check } = await engines();
  const jobs = visibleTo({ name: 'root', roles: new Set(['admin', 'api']), projects: [] });
  const pairs = GROUPS.flatMap((group, nth) => GROUPS.slice(nth + 1).map((other) => [group, other] as const));
  await fc.assert(
    fc.asyncProperty(rows, fc.boolean(), async (stored, inOrder) => {
      await store(db, stored);
      for (const pair of pairs) {
        const groupBy = inOrder ? pair : pair.toReversed();
        await check(stored, {
          kind: 'statistics',
          jobs,
          nowSec: NOW,
          shortJobSec: 300,
          groupBy,
          zone: 'Europe/Berlin',
        });
      }
    }),
    { numRuns: 1, endOnFailure: true },
  );
});

const dayKey = (date: string) => Number(at(date)) / 86_400 + 719_528;

test.each([
  ['size', ['0', '1', '2', '4', '524288', '1048576'], ['0', '1', '2-3', '4-7', '524288-1048575', '1048576-']],
  ['month', ['202610', '101', '999912'], ['2026-10', '0001-01', '9999-12']],
  // 2021 began on a Friday, 2026 on a Thursday.
  ['week', ['2020-12-28', '2025-12-29'].map((monday) => String((dayKey(monday) + 5) / 7)), ['2020-W53', '2026-W01']],
  ['day', [String(dayKey('2025-11-01')), '366'], ['2025-11-01', '0001-01-01']],
  ['hour', ['0', '23'], ['0', '23']],
  ['weekday', ['1'], ['1']],
  ['tag', ['0', '7'], ['', '7']],
] as const)('the ids of %s', (group, keys, ids) => {
  expect(keys.map((key) => groupId(group, key))).toEqual(ids);
});
