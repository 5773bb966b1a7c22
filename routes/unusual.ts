import { z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { partOf } from '../src/deadline.ts';
import { visibleJobs } from '../src/http/auth/visible-jobs.ts';
import { answers, apiRoute, json, resource } from '../src/http/json/responses.ts';
import { nowSec } from '../src/http/request-values.ts';
import type { AppEnv } from '../src/http/service.ts';
import { rightsOf } from '../src/jobs/roles.ts';
import { refusedReports, UNUSUAL_KINDS } from '../src/jobs/unusual-kinds.ts';
import { unusualWords } from '../src/pages/unusual/unusual-words.ts';
import { unusualJobs } from '../src/questions/unusual/unusual-checks.ts';

/** The checks have their own deadline, so that most of an answer is there soon. */
const LIMIT_MS = 5_000;
/** Fraction of the deadline of the request at most. */
const PART = 0.8;

const UnusualSchema = z
  .object({
    kind: z.enum(UNUSUAL_KINDS),
    text: z.string(),
    link: z.string(),
    about: z.record(z.string(), z.string()),
    numbers: z.record(z.string(), z.number()),
  })
  .openapi('Unusual');

/** GET unusual: returns what is unusual today among the jobs that the caller may see. */
export const unusual = resource().openapi(
  apiRoute({
    method: 'get',
    path: '/unusual',
    summary: 'Get what is unusual in the last 24 hours',
    responses: answers(
      'a sentence for each, with the address of the page that shows it',
      z.object({ unusual: z.array(UnusualSchema), more: z.int(), unchecked: z.array(z.enum(UNUSUAL_KINDS)) }),
    ),
  }),
  async (c) => json(await unusualFor(c)),
);

/** Returns what is unusual among the jobs that the caller may see. Throws `forbidden` if these are none. */
export async function unusualFor(c: Context<AppEnv>) {
  visibleJobs(c);
  const { settings, clusters } = c.get('service');
  const deadline = partOf(
    c.get('deadline'),
    Math.min(LIMIT_MS, c.get('deadline').remainingMs() * PART),
    c.get('deadline').signal,
  );
  try {
    const { unusual: found, ...rest } = await unusualJobs({
      db: c.get('db'),
      questions: c.get('jobs'),
      visible: (filter) => visibleJobs(c, filter),
      nowSec: nowSec(c),
      shortJobSec: settings.SHORT_JOB_S,
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
