import { type Context, Hono } from 'hono';
import { z } from 'zod';
import { Fault } from '../../src/faults.ts';
import { visibleJobs } from '../../src/http/auth/visible-jobs.ts';
import { exportFormats } from '../../src/http/exports/export-answer.ts';
import { times, timesOf, ZONE, zoneAsked } from '../../src/http/query/job-filter-query.ts';
import { choice, count, readQuery } from '../../src/http/query/query-parameters.ts';
import { ofParameter } from '../../src/http/query/query-values.ts';
import { nowSec, queryOf } from '../../src/http/request-values.ts';
import type { AppEnv } from '../../src/http/service.ts';
import { capacityOf } from '../../src/jobs/matching-cluster-size.ts';
import { BUCKETS } from '../../src/jobs/time-buckets.ts';
import { UTC } from '../../src/jobs/time-zone.ts';
import { DEFAULT_TOP, edgesBefore, edgesOf, MOST_BUCKETS, MOST_TOP, TIMELINE_GROUPS } from '../../src/jobs/timeline.ts';
import { groupsFor } from '../../src/jobs/visibility.ts';
import { offerOnFault } from '../../src/pages/fault-page.ts';
import { address } from '../../src/pages/filter/filter-words.ts';
import { suggestSmaller } from '../../src/pages/filter/suggest-smaller.ts';
import { pageAnswer } from '../../src/pages/layout.ts';
import { timelineContent } from '../../src/pages/timeline/content.ts';
import { MEASURE_NAMES } from '../../src/pages/timeline/measures.ts';
import { timelineGroup } from '../timeline.ts';
import { askedFilter, filterParts, wrongFilter } from './page-filter.ts';

const PATH = '/timeline';
/** The parameters of the page that are not the filter. */
export const TIMELINE_VIEW = z.object({
  show: choice(MEASURE_NAMES, 'core-hours'),
  bucket: choice(BUCKETS, 'day'),
  'group-by': choice(['none', ...TIMELINE_GROUPS], 'cluster'),
  top: count(DEFAULT_TOP, '', { most: MOST_TOP }),
  range: times('', ''),
  compare: choice(['before'], undefined),
});
/** The most buckets of a page: a month of hours, or two years of days. */
const MOST_ROWS = 750;
const MOST_CELLS = 6_000;

/** GET /timeline: shows what the matching jobs used over time, as a chart and a table. */
export const timelinePage = new Hono<AppEnv>().get(PATH, async (c) => {
  const withoutEmpty = withoutEmptyFields(c);
  if (withoutEmpty !== undefined) return c.redirect(withoutEmpty);
  const asked = askedFilter(c, PATH, TIMELINE_VIEW);
  if (asked.kind === 'sent') return c.redirect(asked.to);
  if (asked.kind === 'wrong') return await wrongFilter(c, asked, 'Timeline');
  offerOnFault(c, () => suggestSmaller(asked.page, c.get('service').clusters));
  const { show, bucket, 'group-by': group, top, compare } = readQuery(queryOf(c), TIMELINE_VIEW);
  const jobs = visibleJobs(c, asked.filter);
  const groupBy = group === 'none' ? undefined : timelineGroup(jobs, group);
  const zone = zoneAsked(c);
  if (zone !== UTC) asked.page.keep.set(ZONE, zone.name);
  const now = nowSec(c);
  const edges = ofParameter('range', () => edgesOf(bucket, zone, now, timesOf(c, 'range')));
  refuseManyCells(edges.length - 1, groupBy === undefined ? 1 : top + 1);
  const options = { edges, nowSec: now, groupBy, top };
  const all = { ...options, groupBy: undefined, edges: edgesBefore(bucket, zone, edges) };
  const timeline = (of: typeof options) => c.get('jobs').timeline(jobs, of, c.get('deadline'));
  const [points, before, filter] = await Promise.all([
    timeline(options),
    compare === undefined ? undefined : timeline(all),
    filterParts(c, asked),
  ]);
  const content = timelineContent({
    page: asked.page,
    formats: exportFormats(c),
    filter,
    choices: groupsFor(jobs).filter((name) => TIMELINE_GROUPS.includes(name)),
    ...{ bucket, zone, groupBy, top, show, nowSec: now, edges, points, before },
    range: queryOf(c).get('range') ?? '',
    size: capacityOf(c.get('service').clusters, jobs.conditions, { groupBy: undefined, name: '', isOther: false }),
  });
  return pageAnswer(c, {
    title: 'Timeline',
    content,
    scripts: ['uplot.js', 'plotting.js', 'timeline.js'],
    styles: ['uplot.css'],
  });
});

/** Returns the address without the empty fields of a sent form. Undefined if it has none. */
function withoutEmptyFields(c: Context<AppEnv>): string | undefined {
  const own = [...Object.keys(TIMELINE_VIEW.shape), ZONE];
  const kept = [...queryOf(c)].filter(([name, value]) => value.trim() !== '' || !own.includes(name));
  return kept.length === [...queryOf(c)].length ? undefined : address(PATH, new URLSearchParams(kept));
}

function refuseManyCells(buckets: number, groups: number): void {
  if (buckets <= MOST_ROWS && buckets * groups <= MOST_CELLS) return;
  throw new Fault(
    'invalid_request',
    `a page shows at most ${MOST_ROWS} buckets, and ${MOST_CELLS} numbers: choose longer buckets, a shorter range, or fewer groups; the API has up to ${MOST_BUCKETS} buckets`,
  );
}
