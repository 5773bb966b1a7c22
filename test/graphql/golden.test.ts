/**
 * What cc-backend answered to 71 operations, and what we answer. Only where the files are; everything checked here has a
 * made counterpart in the other files of this folder.
 */
import { cpSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readClusters } from '../../src/archive/version-and-clusters.ts';
import { type TestApp, testApp } from '../support/test-app.ts';

const SHARED = join(import.meta.dirname, '../../../shared');
const GOLDEN = join(SHARED, 'contract/golden/graphql.json');
const ARCHIVE = join(SHARED, 'data/cc/archive');

interface Answer {
  errors?: { message: string; path?: unknown[]; extensions?: { code?: string } }[];
  data: unknown;
}

interface Operation {
  name: string;
  as: keyof typeof ROLES;
  query: string;
  variables: Record<string, unknown> | null;
  status: number;
  contentType: string;
  body: Answer;
}

const ROLES = {
  iwi5056h: ['user'],
  max: ['manager', 'user'],
  sue: ['support', 'user'],
  root: ['admin', 'api'],
};

/** What differs on purpose, and why. */
const BETTER: Readonly<Record<string, string>> = {
  'list: by user': 'the names of the schema can be sorted by',
  'list: tags': "another user's private tag selects no job",
  'statistics: all': 'the totals of nodes, cores and accelerators are filled in',
  'statistics: all with histograms': 'the same',
  'statistics: own': 'the same',
  addTagsToJob: 'the tag is added although the job has no meta.json: the file follows when there is one',
  removeTagsFromJob: 'the same',
};

const operations: Operation[] = existsSync(GOLDEN) ? JSON.parse(readFileSync(GOLDEN, 'utf8')) : [];

describe.skipIf(operations.length === 0)('the answers of cc-backend', () => {
  let service: TestApp;
  beforeAll(async () => {
    const clusters = await readClusters(ARCHIVE);
    service = await testApp({
      settings: { METRIC_RESOLUTIONS: '240,60' }, // as cc-backend was configured
      database: join(SHARED, 'data/cc/job-v11.db'),
      fill: async ({ archiveRoot }) => cpSync(ARCHIVE, archiveRoot, { recursive: true }),
      service: () => ({ clusters }),
    });
  });
  afterAll(() => service.close());

  async function ask({ as, query, variables }: Operation) {
    return await service.app.request('/query', {
      method: 'POST',
      headers: {
        'X-Auth-Token': await service.token(as, ...ROLES[as]),
        'Content-Type': 'application/json',
        Accept: 'application/graphql-response+json, application/graphql+json, application/json',
      },
      body: JSON.stringify({ query, variables }),
    });
  }

  test.each(operations)('$name', async (operation) => {
    const answer = await ask(operation);
    const body = (await answer.json()) as Answer;
    expect(answer.status).toBe(operation.status);
    expect(answer.headers.get('Content-Type')).toBe(operation.contentType);
    if (BETTER[operation.name] !== undefined) return expect(body).toEqual({ data: expect.any(Object) });
    expect(comparable(body, operation)).toEqual(comparable(operation.body, operation));
    const ids = jobsOf(operation.body)?.map(({ id }) => id);
    if (ids === undefined || operation.variables === null) return;
    // Equals come in any order, so the same jobs are asked for by their ids.
    const variables = { ...operation.variables, filter: [{ dbId: ids }], page: { page: 1, itemsPerPage: -1 } };
    const same = (await (await ask({ ...operation, variables })).json()) as Answer;
    const byId = (jobs: readonly Listed[] | undefined) =>
      Object.fromEntries((jobs ?? []).map((job) => [job.id, sorted(job)]));
    expect(byId(jobsOf(same))).toEqual(byId(jobsOf(operation.body)));
  });
});

interface Listed {
  id: number;
  startTime: string;
  duration: number;
}

function jobsOf({ data }: Answer): Listed[] | undefined {
  return (data as { jobs?: { items?: Listed[] } } | null)?.jobs?.items;
}

/**
 * Texts of messages and positions are not compared, nor is the order where the contract has none. Of the jobs of a list
 * only what it is sorted by. Codes are compared where cc-backend has one: our faults have theirs too.
 */
function comparable(answer: Answer, { body, variables }: Operation) {
  const { errors, data } = answer;
  const shown = errors?.map(({ path, extensions }, at) => ({
    path,
    code: body.errors?.[at]?.extensions === undefined ? undefined : extensions?.code,
  }));
  const listed = jobsOf(answer);
  if (listed === undefined) return { errors: shown, data: sorted(data) };
  const { field } = (variables?.['order'] ?? { field: 'id' }) as { field: string };
  const keys = listed.map((job) => (field in job ? job[field as keyof Listed] : null));
  return { errors: shown, data: { ...(data as { jobs: object }).jobs, items: keys } };
}

const UNORDERED = ['footprint', 'energyFootprint', 'globalMetrics', 'partitions', 'jobMetrics', 'scopedJobStats'];

function sorted(value: unknown, name = ''): unknown {
  if (Array.isArray(value)) {
    const items = value.map((item) => sorted(item));
    return UNORDERED.includes(name)
      ? items.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))
      : items;
  }
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, sorted(member, key)]));
}
