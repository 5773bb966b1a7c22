import { z } from '@hono/zod-openapi';
import type { ClusterSize } from '../src/clusters/cluster-size.ts';
import { inSlices } from '../src/event-loop-turns.ts';
import { Fault } from '../src/faults.ts';
import { visibleJobs } from '../src/http/auth/visible-jobs.ts';
import { tableResource } from '../src/http/exports/table-resource.ts';
import { jsonRows } from '../src/http/json/responses.ts';
import { JobFilterQuery, times, timesOf, zoneAsked } from '../src/http/query/job-filter-query.ts';
import { choice, count } from '../src/http/query/query-parameters.ts';
import { ofParameter, oneOf } from '../src/http/query/query-values.ts';
import { nowSec } from '../src/http/request-values.ts';
import type { Group } from '../src/jobs/groups.ts';
import { capacityOf } from '../src/jobs/matching-cluster-size.ts';
import { BUCKETS } from '../src/jobs/time-buckets.ts';
import {
  DEFAULT_BUCKETS,
  DEFAULT_TOP,
  edgesOf,
  MOST_POINTS,
  MOST_TOP,
  TIMELINE_COLUMNS,
  TIMELINE_GROUPS,
  type TimelinePoint,
  utilisationOf,
} from '../src/jobs/timeline.ts';
import { groupsFor, type VisibleJobs } from '../src/jobs/visibility.ts';

const Query = JobFilterQuery.extend({
  bucket: choice(BUCKETS, 'day', 'length of the buckets, in the time zone; a week begins on Monday; default day'),
  range: times(`by default the last ${DEFAULT_BUCKETS} buckets`, '2026-01-01..2026-12-31'),
  'group-by': choice(TIMELINE_GROUPS, undefined, 'default: all jobs together'),
  top: count(DEFAULT_TOP, `number of groups with most core hours; default ${DEFAULT_TOP}`, { most: MOST_TOP }),
});

const whole = (description: string) => z.number().openapi({ type: 'integer', format: 'int64', description });
const known = (description: string) => z.number().nullable().openapi({ description });
const utilisation = known('part of the capacity that was in use; null if it is unknown');
const TimelineSchema = z.object({
  from: z.int().openapi({ description: 'Unix seconds' }),
  to: z.int().openapi({ description: 'the first second outside' }),
  group: z.string(),
  isOther: z.boolean().openapi({ description: 'true for the sum of all groups that are not among the top ones' }),
  started: z.int(),
  ended: z.int(),
  running: z.int().openapi({ description: 'jobs that run at the end of the bucket' }),
  walltimeSeconds: whole('seconds of jobs inside the bucket'),
  nodeSeconds: whole('the same times nodes'),
  coreSeconds: whole('the same times hardware threads'),
  accSeconds: whole('the same times accelerators'),
  energy: z.number().openapi({ description: 'kWh' }),
  waitP50: known('median waiting time of jobs that started, in seconds'),
  waitP90: known('its 90th percentile'),
  nodeUtilisation: utilisation,
  coreUtilisation: utilisation,
  accUtilisation: utilisation,
});

/** GET statistics/timeline: returns what the matching jobs used in each hour, day, week, month or year. */
export const timeline = tableResource({
  path: '/statistics/timeline',
  summary: 'Get what jobs used over time, optionally by group',
  query: Query,
  description: 'one element for each bucket, or for each bucket and group; seconds and energy are those inside it',
  schema: z.object({ timeline: z.array(TimelineSchema) }),
  columns: () => TIMELINE_COLUMNS,
  async ask(c, { bucket, 'group-by': group, top }, filter) {
    const jobs = visibleJobs(c, filter);
    const groupBy = group === undefined ? undefined : timelineGroup(jobs, group);
    const now = nowSec(c);
    const range = timesOf(c, 'range');
    const edges = ofParameter('range', () => edgesOf(bucket, zoneAsked(c), now, range));
    refuseManyPoints((edges.length - 1) * (groupBy === undefined ? 1 : top + 1));
    const found = await c.get('jobs').timeline(jobs, { edges, nowSec: now, groupBy, top }, c.get('deadline'));
    const { clusters } = c.get('service');
    const sizes = new Map<string, ClusterSize | undefined>();
    const withUtilisation = (point: TimelinePoint) => {
      const { group: name, isOther } = point;
      const key = `${isOther} ${name}`;
      if (!sizes.has(key)) sizes.set(key, capacityOf(clusters, jobs.conditions, { groupBy, name, isOther }));
      return { ...point, ...utilisationOf(point, sizes.get(key), now) };
    };
    const rows = await inSlices(found, withUtilisation, c.get('deadline'));
    return {
      json: () => jsonRows('{"timeline":', rows, '}', c.get('deadline')),
      rows: () => rows,
    };
  },
});

/** Throws invalid_request for a group that the caller may not ask for. */
export function timelineGroup(jobs: VisibleJobs, group: Group): Group {
  const allowed = groupsFor(jobs).filter((name) => TIMELINE_GROUPS.includes(name));
  return ofParameter('group-by', () => oneOf(group, allowed));
}

function refuseManyPoints(points: number): void {
  if (points <= MOST_POINTS) return;
  throw new Fault(
    'invalid_request',
    `a timeline of ${points} points is too long (at most ${MOST_POINTS}): choose a longer bucket, a shorter range, or fewer groups with top`,
  );
}
