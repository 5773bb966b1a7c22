import type { Context } from 'hono';
import { partOf } from '../../deadline.ts';
import { callerQuestions, visibleJobs } from '../../http/auth/visible-jobs.ts';
import { nowSec } from '../../http/request-values.ts';
import type { AppEnv } from '../../http/service.ts';
import { rightsOf } from '../../jobs/roles.ts';
import { refusedReports } from '../../jobs/unusual-kinds.ts';
import { unusualJobs } from '../../questions/unusual/unusual-checks.ts';
import { unusualWords } from './unusual-words.ts';

/** The checks have their own deadline, so that most of an answer is there soon. */
const LIMIT_MS = 5_000;
/** Fraction of the deadline of the request at most. */
const PART = 0.8;

/**
 * Returns what is unusual among the jobs that the caller may see, with its words, for the API and the page. Throws
 * `forbidden` if these are none.
 */
export async function unusualFor(c: Context<AppEnv>) {
  visibleJobs(c);
  const { clusters } = c.get('service');
  const deadline = partOf(
    c.get('deadline'),
    Math.min(LIMIT_MS, c.get('deadline').remainingMs() * PART),
    c.get('deadline').signal,
  );
  try {
    const { unusual: found, ...rest } = await unusualJobs({
      ...callerQuestions(c),
      clusters: clusters.list.map(({ name }) => name),
      deadline,
    });
    const seesReports = rightsOf(c.get('user')).routes.includes('administration');
    const refused = seesReports ? refusedReports(c.get('refusedReports').status(), nowSec(c)) : [];
    const all = [...refused, ...found].map((one) => ({ ...one, ...unusualWords(one, nowSec(c)) }));
    return { unusual: all, ...rest };
  } finally {
    deadline.clear();
  }
}
