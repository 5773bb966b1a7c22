import { type Context, Hono } from 'hono';
import { globalMetrics, histogramMetric } from '../../src/clusters/metrics.ts';
import { offerOnFault } from '../../src/html/fault-page.ts';
import { pageAnswer } from '../../src/html/layout.ts';
import { narrower } from '../../src/html/narrower.ts';
import { statisticsContent } from '../../src/html/statistics-content.ts';
import type { AppEnv } from '../../src/http/env.ts';
import { count, oneOf, single } from '../../src/http/job-filter-query.ts';
import { nowSec, queryOf } from '../../src/http/request.ts';
import { visibleJobs } from '../../src/http/visible-jobs.ts';
import { hiddenFrom, isKeyHiddenAmong } from '../../src/jobs/hidden-metrics.ts';
import { DURATION_BINS, type DurationBins } from '../../src/jobs/histograms.ts';
import { type Group, SORT_FIELDS } from '../../src/jobs/statistics.ts';
import { groupsFor } from '../../src/jobs/visibility.ts';
import { jobStatistics } from '../../src/questions/statistics/sqlite.ts';
import { askedFilter, filterParts, wrongFilter } from './asked-filter.ts';

const PATH = '/statistics';
const OWN = ['group-by', 'sort-by', 'bins', 'page'];
const BINS = Object.keys(DURATION_BINS) as DurationBins[];
const GROUPS_ON_PAGE = 25;

/** GET /statistics: totals of the jobs that match, one table of groups, and what the page's script draws histograms from. */
export const statisticsPage = new Hono<AppEnv>().get(PATH, async (c) => {
  const asked = askedFilter(c, PATH, OWN);
  if (asked.kind === 'sent') return c.redirect(asked.to);
  if (asked.kind === 'wrong') return await wrongFilter(c, asked, 'Statistics');
  offerOnFault(c, () => narrower(asked.page, c.var.service.clusters));
  const jobs = visibleJobs(c, asked.filter);
  const choices = groupsFor(jobs);
  const view = viewOf(c, choices);
  const options = { nowSec: nowSec(c), shortJobSec: c.var.service.settings.SHORT_JOB_S };
  const groupsAsked = {
    ...options,
    groupBy: view.groupBy,
    sortBy: view.sortBy,
    page: { page: view.pageNumber, itemsPerPage: GROUPS_ON_PAGE },
  };
  const [[totals], groups, filter] = await Promise.all([
    c.var.db.read(jobStatistics(jobs, options), c.var.deadline),
    c.var.db.read(jobStatistics(jobs, groupsAsked), c.var.deadline),
    filterParts(c, asked),
  ]);
  const content = statisticsContent({
    ...view,
    choices,
    page: asked.page,
    filter,
    totals,
    groups,
    hasMore: groups.length === GROUPS_ON_PAGE,
    scales: scalesOf(c, asked.page.query.getAll('cluster')).filter(
      ({ metric }) => !isKeyHiddenAmong(hiddenFrom(c.var.user, c.var.service.clusters), asked.filter, metric),
    ),
    shortJobSec: options.shortJobSec,
  });
  return pageAnswer(c, {
    title: 'Statistics',
    content,
    scripts: ['uplot.js', 'plotting.js', 'histograms.js'],
    styles: ['uplot.css'],
  });
});

/** How the page is looked at, beside the filter. */
function viewOf(c: Context<AppEnv>, groups: readonly [Group, ...Group[]]) {
  const query = queryOf(c);
  const one = <Value extends string>(name: string, values: readonly Value[], otherwise: Value) =>
    query.has(name) ? oneOf(name, single(name, query.getAll(name)), values) : otherwise;
  return {
    groupBy: one('group-by', groups, groups[0]),
    sortBy: one('sort-by', SORT_FIELDS, 'totalCoreHours'),
    bins: one('bins', BINS, '1h'),
    pageNumber: count('page', query.getAll('page'), 1),
  };
}

/** Every metric that makes a footprint, on the clusters of the filter. */
function scalesOf(c: Context<AppEnv>, clusterNames: readonly string[]) {
  const { clusters } = c.var.service;
  const names = clusterNames.length === 0 ? null : clusterNames;
  return globalMetrics(clusters)
    .filter(({ footprint }) => footprint !== '')
    .map(({ name }) => histogramMetric(clusters, name, names))
    .filter(({ peak, stat }) => peak > 0 && stat !== '');
}
