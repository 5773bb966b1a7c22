import type { Condition } from '../../jobs/filter.ts';
import { type Group, groupId } from '../../jobs/groups.ts';
import type { Whole } from '../../jobs/statistics.ts';
import { type TimelineOptions, type TimelinePoint, WAIT_PERCENTILES } from '../../jobs/timeline.ts';
import type { VisibleJobs } from '../../jobs/visibility.ts';
import { ENERGY_UNITS, SUMS, type Sum, type TimelineRow } from './sums.ts';

/** What happens to jobs within some time, by bucket of time and group. */
interface BucketsQuestion extends Pick<TimelineOptions, 'edges' | 'nowSec' | 'groupBy'> {
  /** From jobsWithin. */
  readonly jobs: VisibleJobs;
  /** The keys of the groups as texts. Jobs of other groups are in one group, after them. */
  readonly groups: readonly string[];
}

/** Counts and sums (TimelineRow). */
export interface TimelineQuestion extends BucketsQuestion {
  readonly kind: 'timeline';
}

/** The keys of the groups with most core seconds within the edges, as texts, in descending order. */
export interface TimelineGroupsQuestion extends Pick<BucketsQuestion, 'jobs' | 'edges' | 'nowSec'> {
  readonly kind: 'timeline groups';
  readonly groupBy: Group;
  readonly most: number;
}

/** Percentiles of the waits of jobs that started (WaitsRow). */
export interface TimelineWaitsQuestion extends BucketsQuestion {
  readonly kind: 'timeline waits';
  /** The number of jobs that started in each bucket, if it is known. An engine may use it to limit its memory. */
  readonly started?: readonly number[] | undefined;
}

/** The matching jobs that ran within the edges, ended at the first one, or started and ended at once. */
export function jobsWithin(
  jobs: VisibleJobs,
  { edges, nowSec }: Pick<TimelineOptions, 'edges' | 'nowSec'>,
): VisibleJobs {
  return { ...jobs, conditions: [...jobs.conditions, ranWithin({ edges, nowSec })] };
}

/** The condition that jobsWithin adds. */
function ranWithin({ edges, nowSec }: Pick<TimelineOptions, 'edges' | 'nowSec'>) {
  const [from = 0] = edges;
  const range = { from: BigInt(from) - 1n, to: BigInt(edges.at(-1) ?? 0) };
  return { kind: 'during', range, nowSec } as const;
}

/** The conditions of a question, with one that the start is within `edges` in place of jobsWithin. */
export function startedWithin(
  question: Pick<TimelineQuestion, 'jobs' | 'edges' | 'nowSec'>,
  edges: readonly number[] = question.edges,
): readonly Condition[] {
  const { from, to } = ranWithin(question).range;
  const range = { from: BigInt(edges[0] ?? 0), to: BigInt(edges.at(-1) ?? 0) - 1n };
  return [
    ...question.jobs.conditions.filter(
      (condition) => condition.kind !== 'during' || condition.range.from !== from || condition.range.to !== to,
    ),
    { kind: 'whole', field: 'start-time', range },
  ];
}

/** The number of jobs that started in each bucket. */
export function startedIn({ edges }: Pick<TimelineQuestion, 'edges'>, rows: readonly TimelineRow[]): number[] {
  const started = edges.slice(1).map(() => 0);
  for (const row of rows) started[row.bucket] = (started[row.bucket] ?? 0) + row.started;
  return started;
}

/** The number of a bucket of a group, as `timeline waits` names it. */
export function slotOf({ edges }: Pick<BucketsQuestion, 'edges'>, group: number, bucket: number): number {
  return group * (edges.length - 1) + bucket;
}

/** The percentiles of WAITS in a slot with known waits. */
export interface WaitsRow {
  readonly slot: number;
  readonly values: readonly Whole[];
}

const CAPS = [-(2n ** 63n), 2n ** 63n - 1n] as const;

/**
 * Yields the points of all buckets, and in each of all groups in their order. `hasOther` adds that of other groups. Each
 * takes some 10 µs, so many should be made in slices.
 */
export function* pointsOf(
  question: TimelineQuestion,
  hasOther: boolean,
  rows: readonly TimelineRow[],
  waits: readonly WaitsRow[],
): Generator<TimelinePoint, void, void> {
  const { edges, groups, groupBy } = question;
  const isGrouped = groupBy !== undefined;
  const keys = isGrouped ? [...groups, ...(hasOther ? [undefined] : [])] : [undefined];
  const rowAt = new Map(rows.map((row) => [slotOf(question, row.group, row.bucket), row]));
  const waitAt = new Map(waits.map(({ slot, values }) => [slot, values]));
  const before = keys.map(() => ({ running: 0, energy: 0n, rates: SUMS.map(() => 0n) }));
  for (const [bucket, from] of edges.slice(0, -1).entries()) {
    const to = edges[bucket + 1] ?? from;
    for (const [at, key] of keys.entries()) {
      const slot = slotOf(question, at, bucket);
      const row = rowAt.get(slot);
      const state = before[at] ?? { running: 0, energy: 0n, rates: [] };
      state.running += (row?.entered ?? 0) - (row?.ended ?? 0);
      // Jobs that run through the whole bucket count with all of its seconds.
      const totals = SUMS.map((sum, index) => {
        const { own = 0n, leave = 0n, stay = 0n } = row?.sums[sum] ?? {};
        const through = (state.rates[index] ?? 0n) - leave;
        state.rates[index] = through + stay;
        return own + through * BigInt(to - from);
      });
      const total = (sum: Sum) => capped(totals[SUMS.indexOf(sum)] ?? 0n);
      // Differences of rounded sums, so that the energies of any buckets add up to the rounded one of them together.
      const energyBefore = state.energy;
      state.energy += totals[SUMS.indexOf('energy')] ?? 0n;
      const [waitP50 = null, waitP90 = null] = waitAt.get(slot) ?? [];
      yield {
        ...{ from, to, group: key === undefined ? '' : groupId(groupBy, key), isOther: isGrouped && key === undefined },
        ...{ started: row?.started ?? 0, ended: row?.ended ?? 0, running: state.running },
        walltimeSeconds: exact(total('jobs')),
        nodeSeconds: exact(total('nodes')),
        coreSeconds: exact(total('cores')),
        accSeconds: exact(total('accs')),
        energy: kWhOf(roundedEnergy(state.energy) - roundedEnergy(energyBefore)),
        ...{ waitP50, waitP90 },
      };
    }
  }
}

/** `timeline waits` as percentileRows. */
export const WAITS = { of: 'wait', percentiles: WAIT_PERCENTILES, groupBy: ['slot'] } as const;

function capped(value: bigint): bigint {
  const [least, most] = CAPS;
  return value < least ? least : value > most ? most : value;
}

function exact(value: bigint): number | bigint {
  return Number.isSafeInteger(Number(value)) ? Number(value) : value;
}

/** kWh as they are shown: with 6 decimal places, of which the sums over buckets are exact. */
const SHOWN_DIGITS = 6;
const SHOWN_UNITS = BigInt(ENERGY_UNITS / 10 ** SHOWN_DIGITS);

function roundedEnergy(units: bigint): bigint {
  return (units + SHOWN_UNITS / 2n) / SHOWN_UNITS;
}

function kWhOf(rounded: bigint): number {
  return Number(rounded) / 10 ** SHOWN_DIGITS;
}
