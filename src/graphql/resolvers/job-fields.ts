import type { Turns } from '../../event-loop-turns.ts';
import { Fault } from '../../faults.ts';
import type { ListOrder } from '../../jobs/list-order.ts';
import { mayReadAccount, type VisibleJobs } from '../../jobs/visibility.ts';
import { exactJson } from '../../lossless-json.ts';
import { jobById } from '../../questions/one-job/sqlite.ts';
import { idOf } from '../argument-values.ts';
import type { QueryContext } from '../context.ts';
import { type JobFilterInput, jobFilterOf } from '../job-filter.ts';
import { listOrderOf, type OrderInput } from '../job-order.ts';
import { withPauses } from '../list-with-pauses.ts';
import { type StoredJob, type StoredResource, storedJobs } from '../stored-job.ts';
import { fieldsAsked, type Resolvers } from './resolver.ts';

export interface PageInput {
  readonly page: bigint;
  readonly itemsPerPage: bigint;
}

/** The default page, as in cc-backend. */
const DEFAULT_PAGE: PageInput = { page: 1n, itemsPerPage: 50n };
/** Memory of a job in an answer, as a multiple of its JSON. With all fields it is seven, and with few of them one. */
const MEMORY_OF_JSON = 3;
/** Bytes of jobs that are parsed at once. */
const AT_ONCE_BYTES = 256 * 1024;

/** The default page. Each job takes a statement. The front end of cc-backend asks it of single jobs. */
const MOST_WITH_CONCURRENT = 50;

interface JobsArgs {
  filter?: readonly JobFilterInput[] | null;
  page?: PageInput | null;
  order?: OrderInput | null;
}

export const JOBS: Resolvers = {
  Query: {
    jobs: (_, { filter, page, order }: JobsArgs, context, info) => {
      const jobs = context.visible(jobFilterOf(filter, context.nowSec));
      return new JobsOfPage(jobs, listOrderOf(order), page ?? DEFAULT_PAGE, partsOf(fieldsAsked(info, 'items')));
    },
    async job(_, { id }: { id: string }, context, info) {
      const parts = partsOf(fieldsAsked(info));
      const statement = jobById(context.visible(), idOf(id), { nowSec: context.nowSec, ...parts });
      const [row] = await context.once(['job', statement], (deadline) =>
        context.request.get('db').read(statement, deadline),
      );
      // An error, because the page of cc-backend fails on a bare null.
      if (row === undefined) throw new Fault('not_found', `there is no job with id ${id} that you may see`);
      return exactJson(row.job);
    },
  },
  JobResultList: {
    async items(list: JobsOfPage, _, context, info) {
      const { batches } = await list.read(context);
      const asked = fieldsAsked(info);
      if (batches.rows > MOST_WITH_CONCURRENT && asked.has('concurrentJobs')) {
        const most = `at most ${MOST_WITH_CONCURRENT} jobs of a page may have concurrentJobs, which are looked for one by one`;
        throw new Fault('invalid_request', `${most}: ask for a smaller page`);
      }
      return batches.jobs(context.turns);
    },
    count: (list: JobsOfPage, _, context) => list.count(context),
    hasNextPage: async (list: JobsOfPage, _, context) => (await list.read(context)).hasNextPage,
  },
  Job: {
    state: ({ jobState }: StoredJob) => jobState,
    partition: ({ partition }: StoredJob) => partition ?? '',
    walltime: ({ walltime }: StoredJob) => walltime ?? 0,
    numHWThreads: ({ numHwthreads }: StoredJob) => numHwthreads ?? 0,
    numAcc: ({ numAcc }: StoredJob) => numAcc ?? 0,
    SMT: ({ smt }: StoredJob) => smt ?? 0,
    arrayJobId: ({ arrayJobId }: StoredJob) => arrayJobId ?? 0,
    monitoringStatus: ({ monitoringStatus }: StoredJob) => monitoringStatus ?? 0,
    energy: ({ energy }: StoredJob) => (energy !== null && Number.isFinite(energy) ? energy : 0),
    tags: ({ tags }: StoredJob) => tags ?? [],
    resources: ({ resources }: StoredJob) => resources ?? [],
    userData: ({ account }: StoredJob, _, context) =>
      account && mayReadAccount(context.user, account.username) ? account : null,
    concurrentJobs({ resources, ...job }: StoredJob, _, context) {
      const sharing = { ...job, firstHost: resources?.[0]?.hostname };
      return context.once(['concurrent', job.id], (deadline) =>
        context.jobs.concurrent(context.visible(), sharing, context.nowSec, deadline),
      );
    },
    footprint: ({ footprint }: StoredJob) =>
      numbersOf(footprint, (key, value) => {
        const end = key.lastIndexOf('_');
        return { name: key.slice(0, Math.max(0, end)), stat: key.slice(end + 1), value };
      }),
    energyFootprint: ({ energyFootprint }: StoredJob) =>
      numbersOf(energyFootprint, (metric, value) => ({ hardware: hardwareOf(metric), metric, value })),
  },
  Resource: {
    hwthreads: ({ hwthreads }: StoredResource) => (hwthreads?.length ? hwthreads : null),
    accelerators: ({ accelerators }: StoredResource) => (accelerators?.length ? accelerators : null),
    configuration: ({ configuration }: StoredResource) => configuration ?? '',
  },
};

function numbersOf<Shown>(
  map: Readonly<Record<string, unknown>> | null,
  shown: (key: string, value: number) => Shown,
): Shown[] {
  const all: Shown[] = [];
  for (const key in map) {
    const value = map[key];
    if (typeof value === 'number') all.push(shown(key, value));
  }
  return all;
}

const HARDWARE = [
  [/cpu|Cpu|CPU/, 'CPU'],
  [/acc|Acc|ACC/, 'Accelerator'],
  [/mem|Mem|MEM/, 'Memory'],
  [/core|Core|CORE/, 'Core'],
] as const;

function hardwareOf(metric: string): string {
  return HARDWARE.find(([pattern]) => pattern.test(metric))?.[1] ?? 'Other';
}

/** The parts of a job that are read only if they are asked for. */
interface Parts {
  readonly withMetadata: boolean;
  readonly withEnergyFootprint: boolean;
  readonly withResources: boolean;
  readonly withFootprint: boolean;
  readonly withAccount: boolean;
}

function partsOf(asked: ReadonlySet<string>): Parts {
  return {
    withMetadata: asked.has('metaData'),
    withEnergyFootprint: asked.has('energyFootprint'),
    withResources: asked.has('resources') || asked.has('concurrentJobs'), // on its first host
    withFootprint: asked.has('footprint'),
    withAccount: asked.has('userData'),
  };
}

/** A page of a list of jobs. Only what is asked for is read. */
class JobsOfPage {
  readonly #jobs: VisibleJobs;
  readonly #order: ListOrder;
  readonly #page: PageInput;
  readonly #parts: Parts;

  constructor(jobs: VisibleJobs, order: ListOrder, page: PageInput, parts: Parts) {
    if (page.itemsPerPage === 0n || page.itemsPerPage < ALL) {
      throw new Fault('invalid_request', 'page.itemsPerPage must be at least 1, or -1 for all');
    }
    this.#jobs = jobs;
    this.#order = order;
    this.#page = page;
    this.#parts = parts;
  }

  async count(context: QueryContext): Promise<number> {
    return await context.once(['count', this.#jobs], (deadline) => context.jobs.count(this.#jobs, deadline));
  }

  async read(context: QueryContext): Promise<{ batches: Batches; hasNextPage: boolean }> {
    const { GRAPHQL_MOST_JOBS: most } = context.service.settings;
    const { page, itemsPerPage } = this.#page;
    const limit = itemsPerPage === ALL || itemsPerPage > most ? most : Number(itemsPerPage);
    const offset = itemsPerPage === ALL || page < 1n ? 0n : (page - 1n) * itemsPerPage;
    const slice = {
      ...this.#order,
      nowSec: context.nowSec,
      offset: offset < LAST_OFFSET ? offset : LAST_OFFSET,
      limit,
    };
    return await context.once(['jobs', this.#jobs, slice, this.#parts], async (deadline) => {
      const batches = new Batches();
      const take = (batch: Uint8Array, rows: number) => {
        context.takeBytes(MEMORY_OF_JSON * batch.byteLength);
        batches.add(batch, rows);
      };
      const options = { ...this.#parts, nowSec: context.nowSec, take };
      const { hasMore } = await context.jobs.fullJobs(this.#jobs, slice, options, deadline);
      const isCut = hasMore && BigInt(limit) !== itemsPerPage;
      if (isCut) context.noteCut({ jobs: limit, setting: 'GRAPHQL_MOST_JOBS' });
      // As in cc-backend: a page before the first has the jobs of the first, and a next one.
      return { batches, hasNextPage: page < 1n && itemsPerPage !== ALL ? batches.rows > 0 : hasMore };
    });
  }
}

/** `itemsPerPage` of a page with all jobs. */
const ALL = -1n;
const LAST_OFFSET = 2n ** 63n - 1n;

/** The jobs of a page, as JSON. */
class Batches {
  readonly #batches: Uint8Array[] = [];
  #bytes = 0;
  rows = 0;

  add(batch: Uint8Array, rows: number): void {
    this.#batches.push(batch);
    this.#bytes += batch.byteLength;
    this.rows += rows;
  }

  /** The jobs of many batches are parsed as they are asked for. */
  jobs(turns: Turns): readonly StoredJob[] | AsyncIterable<StoredJob> {
    return this.#bytes <= AT_ONCE_BYTES
      ? this.#batches.flatMap(storedJobs)
      : withPauses(this.#batches.values().flatMap(storedJobs), turns);
  }
}
