import { z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { inSlices } from '../src/event-loop-turns.ts';
import { Fault } from '../src/faults.ts';
import { visibleJobs } from '../src/http/auth/visible-jobs.ts';
import { answers, apiRoute, json, resource } from '../src/http/json/responses.ts';
import { once, readQuery } from '../src/http/query/query-parameters.ts';
import { parameterNamed, positive, wholeId } from '../src/http/query/query-values.ts';
import { nowSec, queryOf } from '../src/http/request-values.ts';
import type { AppEnv } from '../src/http/service.ts';
import { checkText, type JobFilter } from '../src/jobs/filter.ts';
import { usualJobs } from '../src/jobs/usual-jobs.ts';
import {
  type Asked,
  LEAST_JOBS,
  type Likeness,
  type WalltimeAdvice,
  walltimeAdvice,
} from '../src/jobs/walltime-advice.ts';
import { familyOf, pastJobs, sizeOf } from '../src/questions/walltime-advice/past-jobs.ts';
import { newestJobs } from '../src/questions/walltime-advice/sqlite.ts';

/** In percent. A lower promise would not be kept (docs/used.md), and a higher one needs more jobs than are looked at. */
const COVERAGE = { least: 95, most: 99, otherwise: 98 } as const;

const Query = z.strictObject({
  'db-id': once(wholeId, undefined, {
    description: 'database id of a job: advice for jobs like it. It replaces all parameters but coverage',
    example: '98095',
  }),
  user: name('name of the user; required without db-id', 'ada'),
  cluster: name('name of the cluster; required without db-id', 'fern'),
  partition: name('name of the partition', 'singlenode'),
  'job-name': name('name of the job; trailing digits and separators do not matter', 'relax_17'),
  'num-nodes': once(positive, undefined, { description: 'number of nodes', example: '4' }),
  walltime: once(positive, undefined, { description: 'walltime that you would ask for, in seconds', example: '86400' }),
  coverage: once(coverageOf, COVERAGE.otherwise, {
    description: `percentage of such jobs that are to end within the advised walltime, ${COVERAGE.least} to ${COVERAGE.most}; default ${COVERAGE.otherwise}`,
    example: String(COVERAGE.least),
  }),
});

/** Names of the API for what jobs share. */
const NAMES: Readonly<Record<Likeness, string>> = {
  cluster: 'cluster',
  partition: 'partition',
  family: 'name-family',
  size: 'size',
};

const whole = () => z.int().openapi({ format: 'int64' });
const AdviceSchema = z
  .object({
    walltime: whole().nullable().openapi({ description: 'seconds; null without advice' }),
    why: z.enum(['few_jobs', 'unsteady', 'not_shorter']).nullable().openapi({ description: 'why there is no advice' }),
    coverage: z.number(),
    asked: whole().nullable(),
    alike: z.array(z.enum(['user', 'cluster', 'partition', 'name-family', 'size'])),
    jobs: whole(),
    within: whole(),
    reachedWalltime: whole(),
    tried: whole(),
    kept: whole(),
  })
  .openapi('WalltimeAdvice');

/** GET advice/walltime: returns a walltime within which most jobs like one have ended. */
export const advice = resource().openapi(
  apiRoute({
    method: 'get',
    path: '/advice/walltime',
    summary: 'Get a walltime for jobs like others',
    description: `No advice on fewer than ${LEAST_JOBS} jobs that have ended. Only jobs that the caller may see count.`,
    request: { query: Query },
    responses: answers('the advice, and the jobs on which it rests', z.object({ advice: AdviceSchema })),
  }),
  async (c) => {
    const query = readQuery(queryOf(c), Query);
    const { user, asked } = query['db-id'] === undefined ? askedIn(query) : await askedOf(c, query['db-id'], query);
    const { coverage } = query;
    const found = await adviceFor(c, { user, asked, coverage });
    return json({ advice: shown(found, { asked, coverage }) });
  },
);

/** The kinds of a user's jobs that get advice on the user's page. */
const MOST_KINDS = 5;

/** Returns advice for the usual jobs of a user, from jobs that the caller may see. */
export async function adviceForUsual(c: Context<AppEnv>, user: string) {
  const deadline = c.get('deadline');
  const at = nowSec(c);
  const jobs = visibleJobs(c, [{ kind: 'text', field: 'user', operator: 'is', values: [user] }]);
  const past = await pastJobs(c.get('db'), jobs, at, deadline);
  const options = { coverage: COVERAGE.otherwise / 100, nowSec: at };
  // Other requests run between two kinds.
  return await inSlices(
    usualJobs(past, MOST_KINDS),
    (usual) => ({ usual, advice: walltimeAdvice(past, usual, options) }),
    deadline,
  );
}

/** Returns advice for a job of a user, from jobs that the caller may see. */
export async function adviceFor(
  c: Context<AppEnv>,
  { user, asked, coverage = COVERAGE.otherwise }: { user: string; asked: Asked; coverage?: number },
): Promise<WalltimeAdvice> {
  const filter: JobFilter = [
    { kind: 'text', field: 'user', operator: 'is', values: [user] },
    ...(asked.cluster === undefined
      ? []
      : [{ kind: 'text', field: 'cluster', operator: 'is', values: [asked.cluster] } as const]),
  ];
  const past = await pastJobs(c.get('db'), visibleJobs(c, filter), nowSec(c), c.get('deadline'));
  return walltimeAdvice(past, asked, { coverage: coverage / 100, nowSec: nowSec(c) });
}

function shown(
  { alike, walltime, why, ...counts }: WalltimeAdvice,
  { asked, coverage }: { asked: Asked; coverage: number },
) {
  return {
    walltime: walltime ?? null,
    why: why ?? null,
    coverage,
    asked: asked.walltime ?? null,
    alike: ['user', ...alike.map((likeness) => NAMES[likeness])],
    ...counts,
  };
}

type Parameters = z.output<typeof Query>;

function askedIn(query: Parameters): { user: string; asked: Asked } {
  const { user, cluster, partition, walltime, 'job-name': jobName, 'num-nodes': nodes } = query;
  if (user === undefined || cluster === undefined) {
    throw new Fault('invalid_request', 'name a job by db-id, or the user and the cluster of jobs');
  }
  const family = jobName === undefined ? undefined : familyOf(jobName);
  return {
    user,
    asked: { cluster, partition, family, size: nodes === undefined ? undefined : sizeOf(nodes), walltime },
  };
}

/** Returns what the job with a database id has. Throws not_found if the caller may not see it. */
async function askedOf(
  c: Context<AppEnv>,
  id: bigint,
  { 'db-id': _, coverage: __, ...others }: Parameters,
): Promise<{ user: string; asked: Asked }> {
  const also = Object.entries(others).find(([, value]) => value !== undefined);
  if (also !== undefined)
    throw new Fault('invalid_request', `${parameterNamed(also[0])} is that of the job: leave it out`);
  const jobs = visibleJobs(c, [{ kind: 'id', field: 'db-id', values: [id] }]);
  const [job] = await c.get('db').read(newestJobs(jobs, { nowSec: nowSec(c), limit: 1 }), c.get('deadline'));
  if (job === undefined) throw new Fault('not_found', `no job with the database id ${id}`);
  const { user, cluster, partition, family, nodes, walltime } = job;
  return {
    user,
    asked: { cluster, partition, family, size: sizeOf(nodes), walltime: walltime > 0 ? walltime : undefined },
  };
}

function name(description: string, example: string) {
  return once(
    (text) => {
      checkText('it', text);
      return text;
    },
    undefined,
    { description, example },
  );
}

function coverageOf(text: string): number {
  const value = /^\d{1,2}(?:\.\d{1,3})?$/.test(text) ? Number(text) : Number.NaN;
  if (value >= COVERAGE.least && value <= COVERAGE.most) return value;
  throw new Fault(
    'invalid_request',
    `must be a percentage from ${COVERAGE.least} to ${COVERAGE.most}, such as ${COVERAGE.otherwise}`,
  );
}
