import { type Context, Hono } from 'hono';
import { z } from 'zod';
import { partOf } from '../../src/deadline.ts';
import { visibleJobs } from '../../src/http/auth/visible-jobs.ts';
import { exportFormats } from '../../src/http/exports/export-answer.ts';
import { choice, count, readQuery } from '../../src/http/query/query-parameters.ts';
import { nowSec, queryOf } from '../../src/http/request-values.ts';
import type { AppEnv } from '../../src/http/service.ts';
import { type ListOrder, NEWEST_FIRST, ORDERS, SORT_COLUMNS } from '../../src/jobs/list-order.ts';
import { DEFAULT_PAGE_SIZE, LIST_SIZES } from '../../src/jobs/page-sizes.ts';
import type { PageRequest } from '../../src/jobs/paging.ts';
import type { VisibleJobs } from '../../src/jobs/visibility.ts';
import { offerOnFault } from '../../src/pages/fault-page.ts';
import { suggestSmaller } from '../../src/pages/filter/suggest-smaller.ts';
import { jobsContent } from '../../src/pages/jobs/content.ts';
import { pageAnswer } from '../../src/pages/layout.ts';
import { askedFilter, filterParts, wrongFilter } from './page-filter.ts';

const PATH = '/jobs';
/** The parameters of the page that are not the filter. */
export const JOBS_VIEW = z.object({
  'items-per-page': count(DEFAULT_PAGE_SIZE.jobsOnPage, '', { most: Math.max(...LIST_SIZES), where: ' on this page' }),
  page: count(1),
  'sort-by': choice(SORT_COLUMNS, NEWEST_FIRST.column),
  order: choice(ORDERS, NEWEST_FIRST.order),
  count: choice(['wait'], undefined),
});
/** The time that the list waits for its count. The page's script then requests it with `count=wait`. */
const COUNT_WAIT_MS = 50;
/** Fraction of the deadline spent on counting at most. */
const COUNT_PART = 0.8;

/** GET /jobs: lists the matching jobs, newest start first or sorted by a column. */
export const jobsList = new Hono<AppEnv>().get(PATH, async (c) => {
  const asked = askedFilter(c, PATH, JOBS_VIEW);
  if (asked.kind === 'sent') return c.redirect(asked.to);
  if (asked.kind === 'wrong') return await wrongFilter(c, asked, 'Jobs');
  offerOnFault(c, () => suggestSmaller(asked.page, c.get('service').clusters));
  const view = readQuery(queryOf(c), JOBS_VIEW);
  const page = { page: view.page, itemsPerPage: view['items-per-page'] };
  const order: ListOrder = { column: view['sort-by'], order: view.order };
  const countWaitMs = view.count === 'wait' ? c.get('deadline').remainingMs() * COUNT_PART : COUNT_WAIT_MS;
  const jobs = visibleJobs(c, asked.filter);
  const [list, counted, parts] = await Promise.all([
    c.get('jobs').listed(jobs, { ...page, ...order, nowSec: nowSec(c) }, c.get('deadline')),
    countSoon(c, jobs, countWaitMs),
    filterParts(c, asked),
  ]);
  const found = isLastPage(list, page) ? (page.page - 1) * page.itemsPerPage + list.length : counted;
  const content = jobsContent({
    page: asked.page,
    formats: exportFormats(c),
    pageNumber: page.page,
    itemsPerPage: page.itemsPerPage,
    order,
    jobs: list,
    count: found,
    filter: parts,
    user: c.get('user'),
  });
  return pageAnswer(c, { title: 'Jobs', content, scripts: ['jobs.js'] });
});

/** Returns true if no page follows, so that the list itself shows how many jobs match. */
function isLastPage(list: readonly unknown[], { page, itemsPerPage }: PageRequest): boolean {
  return list.length < itemsPerPage && (list.length > 0 || page === 1);
}

/** Returns the number of jobs if it is known within `waitMs`. Counting a million jobs may take a second. */
async function countSoon(c: Context<AppEnv>, jobs: VisibleJobs, waitMs: number): Promise<number | undefined> {
  const enough = new AbortController();
  const deadline = partOf(c.get('deadline'), c.get('deadline').remainingMs(), enough.signal);
  const stopped = new Promise<undefined>((resolve) =>
    deadline.signal.addEventListener('abort', () => resolve(undefined)),
  );
  const timer = setTimeout(() => enough.abort(), waitMs);
  try {
    // The list itself reports an error.
    const counted = c
      .get('jobs')
      .count(jobs, deadline)
      .catch(() => undefined);
    return await Promise.race([counted, stopped]);
  } finally {
    clearTimeout(timer);
    deadline.clear();
  }
}
