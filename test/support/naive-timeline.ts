import type { TimelineOptions, TimelinePoint } from '../../src/jobs/timeline.ts';
import { groupsOf } from './naive-groups.ts';
import { naivePercentiles } from './naive-percentiles.ts';
import { exact, lasted } from './naive-statistics.ts';
import type { Row } from './random-jobs.ts';

/** The points of a timeline by their definition: each job and each bucket on its own, with integers of any size. */
export function naiveTimeline(rows: readonly Row[], options: TimelineOptions): TimelinePoint[] {
  const { edges, nowSec, groupBy, top } = options;
  const [first = 0, last = 0] = [edges[0], edges.at(-1)];
  const ran = rows.filter((row) => row['start-time'] < last && stopOf(row, nowSec) >= first);
  const coreSeconds = (found: readonly Row[]) =>
    sum(found.map((row) => secondsIn(row, first, last, nowSec) * (row['num-hwthreads'] ?? 0n)));
  const groups =
    groupBy === undefined
      ? [{ id: '', found: ran }]
      : groupsOf(ran, { groupBy: [groupBy], nowSec, tagScopes: [] })
          .map(({ members, rows: found }) => ({ id: members.id, found }))
          .toSorted((a, b) => Number(coreSeconds(b.found) - coreSeconds(a.found)));
  const others = groups.slice(groupBy === undefined ? 1 : top);
  const shown = [
    ...groups.slice(0, groups.length - others.length).map(({ id, found }) => ({ group: id, found, isOther: false })),
    ...(others.length === 0 ? [] : [{ group: '', found: others.flatMap(({ found }) => found), isOther: true }]),
  ];
  return edges.slice(0, -1).flatMap((from, at) => {
    const to = edges[at + 1] ?? from;
    return shown.map(({ group, isOther, found }) => {
      const until = (time: number) => rounded(sum(found.map((row) => energyIn(row, first, time, nowSec))));
      const energy = Number(until(to) - until(from)) / 1e6;
      return { from, to, group, isOther, ...pointOf(found, from, to, nowSec), energy };
    });
  });
}

function pointOf(rows: readonly Row[], from: number, to: number, nowSec: number) {
  const spent = (value: (row: Row) => bigint) =>
    exact(sum(rows.map((row) => secondsIn(row, from, to, nowSec) * value(row))));
  const isIn = (time: bigint) => time >= from && time < to;
  const started = rows.filter((row) => isIn(row['start-time']));
  const [waits] = naivePercentiles(started, { of: 'wait', percentiles: [50, 90], nowSec, tagScopes: [] });
  const hasEnded = (row: Row) => row.state !== 'running';
  return {
    started: started.length,
    ended: rows.filter((row) => hasEnded(row) && isIn(stopOf(row, nowSec))).length,
    running: rows.filter((row) => row['start-time'] < to && !(hasEnded(row) && stopOf(row, nowSec) < to)).length,
    walltimeSeconds: spent(() => 1n),
    nodeSeconds: spent((row) => row['num-nodes']),
    coreSeconds: spent((row) => row['num-hwthreads'] ?? 0n),
    accSeconds: spent((row) => row['num-acc'] ?? 0n),
    waitP50: waits?.values[0]?.value ?? null,
    waitP90: waits?.values[1]?.value ?? null,
  };
}

function sum(values: readonly bigint[]): bigint {
  return values.reduce((total, value) => total + value, 0n);
}

function stopOf(row: Row, nowSec: number): bigint {
  return row['start-time'] + lasted(row, nowSec);
}

function secondsIn(row: Row, from: number, to: number, nowSec: number): bigint {
  const within = (time: bigint) => (time < from ? BigInt(from) : time > to ? BigInt(to) : time);
  return within(stopOf(row, nowSec)) - within(row['start-time']);
}

/** Rounds 10^-12 kWh to mWh. */
function rounded(units: bigint): bigint {
  return (units + 500_000n) / 1_000_000n;
}

/** In 10^-12 kWh. The first second has what cannot be spread evenly. */
function energyIn(row: Row, from: number, to: number, nowSec: number): bigint {
  const units = BigInt(Math.trunc(Math.min(row.energy * 1e12, 9e18) + 0.5));
  const seconds = lasted(row, nowSec);
  const rate = seconds > 0n ? units / seconds : 0n;
  const isFirst = row['start-time'] >= from && row['start-time'] < to;
  return secondsIn(row, from, to, nowSec) * rate + (isFirst ? units - rate * seconds : 0n);
}
