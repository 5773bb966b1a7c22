import type { Condition } from '../../jobs/filter.ts';
import { type Group, groupId } from '../../jobs/groups.ts';
import type { Whole } from '../../jobs/statistics.ts';
import { type TimelineOptions, type TimelinePoint, WAIT_PERCENTILES } from '../../jobs/timeline.ts';
import type { VisibleJobs } from '../../jobs/visibility.ts';
import { ENERGY_UNITS, SUM_NAMES, SUMS, type TimelineRow } from './sums.ts';

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

const NOTHING = SUM_NAMES.map(() => 0n);

/**
 * Yields the points of all buckets, and in each of all groups in their order. `hasOther` adds that of other groups. Each
 * takes some 2 µs, so many should be made in slices.
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
  const before = keys.map(() => new RunningSums());
  for (const [bucket, from] of edges.slice(0, -1).entries()) {
    const to = edges[bucket + 1] ?? from;
    const seconds = BigInt(to - from);
    for (const [at, key] of keys.entries()) {
      const slot = slotOf(question, at, bucket);
      const row = rowAt.get(slot);
      const sums = before[at] ?? new RunningSums();
      const energyBefore = sums.energy;
      sums.add(row, seconds);
      const [walltimeSeconds, nodeSeconds, coreSeconds, accSeconds] = sums.totals;
      const [waitP50 = null, waitP90 = null] = waitAt.get(slot) ?? [];
      yield {
        from,
        to,
        group: key === undefined ? '' : groupId(groupBy, key),
        isOther: isGrouped && key === undefined,
        started: row?.started ?? 0,
        ended: row?.ended ?? 0,
        running: sums.running,
        walltimeSeconds: exact(walltimeSeconds),
        nodeSeconds: exact(nodeSeconds),
        coreSeconds: exact(coreSeconds),
        accSeconds: exact(accSeconds),
        // Differences of rounded sums, so that the energies of any buckets add up to the rounded one of them together.
        energy: kWhOf(roundedEnergy(sums.energy) - roundedEnergy(energyBefore)),
        waitP50,
        waitP90,
      };
    }
  }
}

/** The sums of a group up to a bucket. */
class RunningSums {
  /** Jobs that run at the end of the bucket. */
  running = 0;
  /** Up to the end of the bucket. */
  energy = 0n;
  /** In the bucket. */
  readonly totals: [bigint, bigint, bigint, bigint, bigint] = [0n, 0n, 0n, 0n, 0n];
  readonly #rates = SUMS.map(() => 0n);

  /** Adds a bucket of this length. */
  add(row: TimelineRow | undefined, seconds: bigint): void {
    this.running += row === undefined ? 0 : row.entered - row.ended;
    const sums = row?.sums ?? NOTHING;
    for (let at = 0; at < SUMS.length; at += 1) {
      const [own = 0n, stay = 0n, leave = 0n] = [sums[3 * at], sums[3 * at + 1], sums[3 * at + 2]];
      // Jobs that run through the whole bucket count with all of its seconds.
      const through = (this.#rates[at] ?? 0n) - leave;
      this.#rates[at] = through + stay;
      this.totals[at] = own + through * seconds;
    }
    this.energy += this.totals[4];
  }
}

/** `timeline waits` as percentileRows. */
export const WAITS = { of: 'wait', percentiles: WAIT_PERCENTILES, groupBy: ['slot'] } as const;

/** As a number if that is exact. Within 64 bits. */
function exact(value: bigint): number | bigint {
  const number = Number(value);
  if (Number.isSafeInteger(number)) return number;
  const [least, most] = CAPS;
  return value < least ? least : value > most ? most : value;
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
