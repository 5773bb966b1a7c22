import type { Bounds } from './field-kinds.ts';
import { FIELDS, JOB_FIELDS } from './fields.ts';
import type { Job, Resource, Tag } from './job.ts';
import { UNFILTERED_NUMBERS } from './number-fields.ts';

type Whole = number | bigint;
const CHECKED = [...JOB_FIELDS, ...UNFILTERED_NUMBERS];
type Checked = (typeof CHECKED)[number];

/**
 * Checks a job before it is stored, whether it comes from the API, an import or the generator. Each function here
 * returns the problem with the field, its bound and the value, or undefined if there is none. The bounds are those of
 * fields.ts and number-fields.ts.
 */
export function jobProblem(job: Job, nowSec: number): string | undefined {
  return valuesProblem(job, nowSec) ?? hostsProblem(job.resources) ?? firstProblem(job.tags, tagProblem);
}

/** Checks all fields of a job except its hosts and tags. */
export function valuesProblem(
  job: Readonly<Partial<Record<Checked['property'], string | Whole>>>,
  nowSec: number,
): string | undefined {
  return firstProblem(CHECKED, (field) => valueProblem(field, job[field.property] ?? 0, nowSec));
}

export function hostsProblem(resources: readonly Resource[]): string | undefined {
  return firstProblem(resources, ({ hostname }) => textProblem('hostname', hostname));
}

export function tagProblem({ type, name, scope }: Tag): string | undefined {
  return textProblem('type of a tag', type) ?? textProblem('name of a tag', name) ?? textProblem('scope', scope);
}

/** Checks a key: job id, cluster, start time. */
export function keyProblem(
  { jobId, cluster = '', startTime = 0 }: { jobId: Whole; cluster?: string | undefined; startTime?: Whole | undefined },
  nowSec: number,
): string | undefined {
  return (
    wholeProblem('jobId', jobId, FIELDS['job-id'].bounds) ??
    textProblem('cluster', cluster) ??
    timeProblem(FIELDS['start-time'], startTime, nowSec)
  );
}

/** Checks Unix seconds at which a job is submitted, starts or ends. */
export function timeProblem(
  { property, aheadSec }: { readonly property: string; readonly aheadSec: number },
  value: Whole,
  nowSec: number,
): string | undefined {
  const most = nowSec + aheadSec;
  const problem = wholeProblem(property, value, { least: 0n, most: BigInt(most) });
  if (problem === undefined || value < most) return problem;
  const isMilliseconds = Number(value) / 1000 <= most && value >= 100_000_000_000; // year 5138 if read as seconds
  return `${problem}${isMilliseconds ? '; it looks like milliseconds' : `; it may be at most ${aheadSec} s ahead`}`;
}

export function wholeProblem(property: string, value: Whole, { least, orZero, most }: Bounds): string | undefined {
  if (typeof value === 'number' && !Number.isInteger(value)) return `${property} must be an integer, not ${value}`;
  if (value > most) return `${property} must be at most ${most}, not ${value}`;
  if (value >= least || (orZero && value === 0)) return undefined;
  return `${property} must be at least ${least}${orZero ? ', or 0 if it is not known' : ''}, not ${value}`;
}

/**
 * Rejects control characters: a name must fit on one line of a terminal and of a log, and C programs end a text at NUL.
 */
export function textProblem(property: string, value: string): string | undefined {
  const [character] = /\p{Cc}/u.exec(value) ?? [];
  if (character === undefined) return undefined;
  const code = character.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0');
  return `${property} must not contain the control character U+${code}: ${JSON.stringify(value.slice(0, 100))}`;
}

function valueProblem(field: Checked, value: string | Whole, nowSec: number): string | undefined {
  const { property } = field;
  if (typeof value === 'string') {
    if (field.kind !== 'member' || field.members.some((member) => member === value))
      return textProblem(property, value);
    return `${property} must be one of ${field.members.join(', ')}, not ${JSON.stringify(value.slice(0, 100))}`;
  }
  if (field.kind === 'time') return timeProblem(field, value, nowSec);
  if ('bounds' in field) return wholeProblem(property, value, field.bounds);
  return Number.isFinite(Number(value)) ? undefined : `${property} must be a number, not ${value}`;
}

function firstProblem<Item>(items: readonly Item[], problemOf: (item: Item) => string | undefined): string | undefined {
  for (const item of items) {
    const problem = problemOf(item);
    if (problem !== undefined) return problem;
  }
  return undefined;
}
