import { type Context, Hono } from 'hono';
import { z } from 'zod';
import { globalMetrics, histogramMetric } from '../../src/clusters/metrics.ts';
import { Fault } from '../../src/faults.ts';
import { visibleJobs } from '../../src/http/auth/visible-jobs.ts';
import { exportFormats } from '../../src/http/exports/export-answer.ts';
import { groupBy, groupingOf } from '../../src/http/query/grouping-query.ts';
import { timesOf, ZONE, zoneNameOf } from '../../src/http/query/job-filter-query.ts';
import { choice, count, readQuery } from '../../src/http/query/query-parameters.ts';
import { parameterNamed } from '../../src/http/query/query-values.ts';
import { nowSec, queryOf } from '../../src/http/request-values.ts';
import type { AppEnv } from '../../src/http/service.ts';
import { hiddenFrom, isKeyHiddenAmong } from '../../src/jobs/hidden-metrics.ts';
import { DEFAULT_DURATION_BINS, DURATION_BINS_NAMES } from '../../src/jobs/histograms.ts';
import { DEFAULT_PAGE_SIZE } from '../../src/jobs/page-sizes.ts';
import { DEFAULT_SORT_FIELD, SORT_FIELDS } from '../../src/jobs/statistics.ts';
import { zoneOf } from '../../src/jobs/time-grammar.ts';
import { UTC } from '../../src/jobs/time-zone.ts';
import { groupsFor } from '../../src/jobs/visibility.ts';
import { offerOnFault } from '../../src/pages/fault-page.ts';
import { address } from '../../src/pages/filter/filter-words.ts';
import { suggestSmaller } from '../../src/pages/filter/suggest-smaller.ts';
import { pageAnswer } from '../../src/pages/layout.ts';
import { statisticsContent } from '../../src/pages/statistics/content.ts';
import { askedFilter, filterParts, wrongFilter } from './page-filter.ts';

const PATH = '/statistics';
/** The parameters of the page that are not the filter. */
export const STATISTICS_VIEW = z.object({
  'group-by': groupBy(''),
  'sort-by': choice(SORT_FIELDS, DEFAULT_SORT_FIELD),
  clip: choice(['during'], undefined),
  bins: choice(DURATION_BINS_NAMES, DEFAULT_DURATION_BINS),
  page: count(1),
});

/**
 * GET /statistics: shows totals of the matching jobs, a table of groups, and the data from which the page's script
 * draws histograms.
 */
export const statisticsPage = new Hono<AppEnv>().get(PATH, async (c) => {
  const withFilter = clipAsFilter(c);
  if (withFilter !== undefined) return c.redirect(withFilter);
  const asked = askedFilter(c, PATH, STATISTICS_VIEW);
  if (asked.kind === 'sent') return c.redirect(asked.to);
  if (asked.kind === 'wrong') return await wrongFilter(c, asked, 'Statistics');
  offerOnFault(c, () => suggestSmaller(asked.page, c.get('service').clusters));
  const { 'group-by': group, 'sort-by': sortBy, clip, bins, page: pageNumber } = readQuery(queryOf(c), STATISTICS_VIEW);
  const jobs = visibleJobs(c, asked.filter);
  const choices = groupsFor(jobs);
  const { groupBy = choices.slice(0, 1) } = groupingOf(jobs, { 'group-by': group });
  const zone = zoneOf(zoneNameOf(c));
  if (zone !== UTC) asked.page.keep.set(ZONE, zone.name); // links keep it, since groups of times have it
  const during = asked.filter.find((condition) => condition.kind === 'during');
  const options = {
    nowSec: nowSec(c),
    shortJobSec: c.get('service').settings.SHORT_JOB_S,
    clip: clip === undefined ? undefined : during?.range,
    zone: zone.name,
  };
  const groupsAsked = { groupBy, sortBy, page: { page: pageNumber, itemsPerPage: DEFAULT_PAGE_SIZE.groupsOnPage } };
  const [{ statistics }, filter] = await Promise.all([
    c.get('jobs').overview(jobs, { ...options, statistics: [{}, groupsAsked] }, c.get('deadline')),
    filterParts(c, asked),
  ]);
  const [[totals] = [], groups = []] = statistics;
  const content = statisticsContent({
    groupBy,
    zone,
    sortBy,
    clipping: during === undefined ? undefined : (clip ?? 'none'),
    bins,
    pageNumber,
    choices,
    page: asked.page,
    formats: exportFormats(c),
    filter,
    totals,
    groups,
    hasMore: groups.length === DEFAULT_PAGE_SIZE.groupsOnPage,
    scales: scalesOf(c, asked.page.query.getAll('cluster')).filter(
      ({ metric }) => !isKeyHiddenAmong(hiddenFrom(c.get('user'), c.get('service').clusters), asked.filter, metric),
    ),
    shortJobSec: options.shortJobSec,
  });
  return pageAnswer(c, {
    title: 'Statistics',
    content,
    scripts: ['uplot.js', 'plotting.js', 'histograms.js', 'percentiles.js'],
    styles: ['uplot.css'],
  });
});

/**
 * Returns the address in which the range of `clip`, as the API takes it, is the filter `during` that the form shows.
 * Undefined if `clip` is no range. Throws invalid_request.
 */
function clipAsFilter(c: Context<AppEnv>): string | undefined {
  const query = queryOf(c);
  if (!query.has('clip') || query.get('clip') === 'during') return undefined;
  timesOf(c, 'clip'); // throws if it is not a range
  if (query.has('during')) {
    throw new Fault('invalid_request', `${parameterNamed('clip')} must be during if there is a filter by during`);
  }
  const filtered = new URLSearchParams();
  for (const [name, value] of query) filtered.append(name === 'clip' ? 'during' : name, value);
  return address(PATH, filtered, new URLSearchParams({ clip: 'during' }));
}

/** Returns all metrics with a footprint, on the clusters of the filter. */
function scalesOf(c: Context<AppEnv>, clusterNames: readonly string[]) {
  const { clusters } = c.get('service');
  const names = clusterNames.length === 0 ? null : clusterNames;
  return globalMetrics(clusters)
    .filter(({ footprint }) => footprint !== '')
    .map(({ name }) => histogramMetric(clusters, name, names))
    .filter(({ peak, stat }) => peak > 0 && stat !== '');
}
