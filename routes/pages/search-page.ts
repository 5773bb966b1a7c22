import { Hono } from 'hono';
import { z } from 'zod';
import { Fault } from '../../src/faults.ts';
import { callerQuestions } from '../../src/http/auth/visible-jobs.ts';
import { once, readQuery } from '../../src/http/query/query-parameters.ts';
import { queryOf } from '../../src/http/request-values.ts';
import type { AppEnv } from '../../src/http/service.ts';
import { BOUNDS } from '../../src/jobs/input-bounds.ts';
import { address } from '../../src/pages/filter/filter-words.ts';
import { pageAnswer } from '../../src/pages/layout.ts';
import { type Found, searchContent } from '../../src/pages/search/content.ts';
import { MOST_RESULTS } from '../../src/pages/search/search-results.ts';
import { NOTHING_FOUND, search } from '../../src/questions/search/search.ts';

const VIEW = z.strictObject({ q: once(searched, '', { description: 'text to search for' }) });
/** One more than the page shows, so that it can say that there are more. */
const READ = MOST_RESULTS + 1;

/** GET /find: searches for jobs by number, and for users, projects and nodes that begin with a text. */
export const searchPage = new Hono<AppEnv>().get('/find', async (c) => {
  const { q: text } = readQuery(queryOf(c), VIEW);
  const { list: clusters } = c.get('service').clusters;
  const options = { ...callerQuestions(c), user: c.get('user'), clusters, most: READ };
  const found = text === '' ? NOTHING_FOUND : await search(text, options);
  const only = onlyJobs({ ...found, text });
  if (only !== undefined) return c.redirect(only);
  return pageAnswer(c, { title: 'Search', content: searchContent({ ...found, text }), scripts: ['jobs.js'] });
});

function searched(text: string): string {
  const trimmed = text.trim();
  if (trimmed.length <= BOUNDS.text.most) return trimmed;
  throw new Fault('invalid_request', `must have at most ${BOUNDS.text.most} characters`);
}

/** Returns where to go if jobs of one number are all that the whole text names. */
function onlyJobs({ text, jobs, arrayJobs, users, projects, nodes }: Found): string | undefined {
  const others = [...users.map(({ username }) => username), ...projects, ...nodes.map(({ hostname }) => hostname)];
  if (others.includes(text)) return undefined;
  const [first, ...more] = jobs;
  if (first === undefined) return arrayJobs.length === 0 ? undefined : listOf('array-job-id', text);
  if (arrayJobs.some(({ id }) => id !== first.id)) return undefined;
  return more.length === 0 ? `/jobs/${first.id}` : listOf('job-id', text);
}

function listOf(field: 'job-id' | 'array-job-id', value: string): string {
  return address('/jobs', new URLSearchParams({ [field]: value }));
}
