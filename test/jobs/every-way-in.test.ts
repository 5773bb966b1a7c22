/** The bounds of a job are the same for every way to store it: tests every field beyond its bounds. */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { migrate } from '../../src/db/schema/migrate.ts';
import { generateJobs } from '../../src/dev/generate-jobs.ts';
import { archiveSource } from '../../src/import/archive/archive-source.ts';
import { BatchBuilder, type ImportSource } from '../../src/import/batch.ts';
import { databaseSource } from '../../src/import/db/foreign-source.ts';
import type { Bounds } from '../../src/jobs/field-kinds.ts';
import { STORED_FIELDS } from '../../src/jobs/fields.ts';
import type { Job } from '../../src/jobs/job.ts';
import { jobProblem } from '../../src/jobs/job-validation.ts';
import { UNFILTERED_NUMBERS } from '../../src/jobs/number-fields.ts';
import { losslessJson } from '../../src/lossless-json.ts';
import { writeFiles } from '../support/archive.ts';
import { testFolder } from '../support/folder.ts';
import { sacctFiles } from '../support/sacct-file.ts';
import { smallCluster } from '../support/small-cluster.ts';
import { openSqlite } from '../support/sqlite.ts';
import { faultIn, job, NOW, START_BODY, type TestApp, testApp } from '../support/test-app.ts';

const DAY_SEC = 86_400;
/** For the imports, whose bounds depend on the real time. */
const TODAY = Math.floor(Date.now() / 1000);
const CONTROL = ['\0', 'a\u0000b', 'line\n', '\u001b[1m', 'a\u007f', '\u0085'];

type Values = Record<string, unknown>;
interface Beyond {
  property: string;
  column: string;
  values: readonly unknown[];
}
const around = ({ least, most, orZero }: Bounds) => [orZero ? least - 2n : least - 1n, most + 1n];
/** A file's jobs may be checked an hour after it was loaded, on a slow machine. */
const notAt = (now: number) => [-1, now + DAY_SEC + 3_600, now * 1000];

/** Every field with values just beyond its bounds. `now` is the time at which the job is checked. */
const beyond = (now: number): Beyond[] => [
  ...[...STORED_FIELDS, ...UNFILTERED_NUMBERS].flatMap((field): Beyond[] => {
    if (!('property' in field)) return [];
    const { property, column } = field;
    if (field.kind === 'text') return [{ property, column, values: CONTROL }];
    if (field.kind === 'time') return [{ property, column, values: notAt(now) }];
    return 'bounds' in field ? [{ property, column, values: around(field.bounds) }] : [];
  }),
];
/** The fields that an import reads: it knows itself whether it has the data of a job. */
const imported = (now: number) => beyond(now).filter(({ property }) => property !== 'monitoringStatus');
const HOSTS = CONTROL.map((name) => [{ hostname: name }]);

let service: TestApp;
beforeAll(async () => {
  service = await testApp({ jobs: [job({ jobId: 1, jobState: 'running', startTime: 0, duration: 0 })] });
});
afterAll(() => service.close());

test('every field that a caller gives has bounds, but for the energy and words out of a list', () => {
  const without = STORED_FIELDS.filter(
    (field) => field.kind !== 'text' && field.kind !== 'time' && !('bounds' in field),
  );
  expect(without.map(({ name }) => name)).toEqual(['state', 'db-id', 'shared', 'energy']);
});

test('at its bounds a job may be stored', () => {
  for (const field of [...STORED_FIELDS, ...UNFILTERED_NUMBERS]) {
    if (!('bounds' in field) || !('property' in field)) continue;
    for (const value of [field.bounds.least, field.bounds.most, ...('orZero' in field.bounds ? [0] : [])]) {
      expect(jobProblem(job({ [field.property]: value }), NOW)).toBeUndefined();
    }
  }
  expect(jobProblem(job({ startTime: 0 }), NOW)).toBeUndefined();
  expect(jobProblem(job({ startTime: NOW + DAY_SEC }), NOW)).toBeUndefined();
  expect(jobProblem(job({ numNodes: 0.5 }), NOW)).toBe('numNodes must be an integer, not 0.5');
  expect(jobProblem(job({ jobId: Number.NaN }), NOW)).toBe('jobId must be an integer, not NaN');
  expect(jobProblem(job({ energy: Number.POSITIVE_INFINITY }), NOW)).toBe('energy must be a number, not Infinity');
});

test('a start in milliseconds says what it looks like', () => {
  const says = (startTime: number) => jobProblem(job({ startTime }), NOW);
  expect(says(1_795_870_476_000)).toBe(
    `startTime must be at most ${NOW + DAY_SEC}, not 1795870476000; it looks like milliseconds`,
  );
  expect(says(NOW + 90_000)).toBe(
    `startTime must be at most ${NOW + DAY_SEC}, not ${NOW + 90_000}; it may be at most 86400 s ahead`,
  );
});

describe('the API', () => {
  const stored = () =>
    service.query('SELECT id, duration, job_state, meta_data FROM job UNION SELECT id, 0, 0, 0 FROM node');
  async function refuses(method: string, path: string, body: unknown, name: string): Promise<void> {
    const before = await stored();
    const [status, code, error] = await faultIn(await service.send(method, path, losslessJson(body)));
    expect([status, code], `${losslessJson(body)} ${error}`).toEqual([400, 'invalid_request']);
    expect(error).toContain(name);
    expect(await stored()).toEqual(before);
  }
  const KEY = { jobId: 1, cluster: 'small', startTime: 0 };

  test.each(beyond(NOW))('start_job refuses $property beyond its bounds', async ({ property, values }) => {
    for (const value of values)
      await refuses('POST', '/api/jobs/start_job/', { ...START_BODY, [property]: value }, property);
  });

  test('start_job refuses a host, and leaves out a tag, with a control character', async () => {
    for (const resources of HOSTS)
      await refuses('POST', '/api/jobs/start_job/', { ...START_BODY, resources }, 'hostname');
    const tags = ['type', 'name', 'scope'].map((part) => ({ type: 't', name: 'n', scope: '', [part]: 'a\u0000' }));
    const answer = await service.send('POST', '/api/jobs/start_job/', { ...START_BODY, tags });
    expect([answer.status, await answer.json()]).toEqual([
      201,
      {
        msg: 'success',
        tagsLeftOut: [
          { type: 'a\0', name: 'n', scope: 'global' },
          { type: 't', name: 'a\0', scope: 'global' },
          { type: 't', name: 'n', scope: 'a\0' },
        ],
      },
    ]);
  });

  const NAMES = ['jobId', 'cluster', 'startTime'];
  const named = beyond(NOW).filter(({ property }) => NAMES.includes(property));
  test.each(named)('stop_job and edit_meta refuse $property beyond its bounds', async ({ property, values }) => {
    for (const value of values) {
      await refuses('POST', '/api/jobs/stop_job/', { ...KEY, stopTime: NOW, [property]: value }, property);
      const payload = { key: 'a', value: 'b' };
      await refuses('PATCH', '/api/jobs/edit_meta/', { ...KEY, payload, [property]: value }, property);
    }
  });

  test('stop_job refuses a stop that is a start in milliseconds, and a duration that does not fit', async () => {
    const stop = (stopTime: number) => ({ ...KEY, stopTime });
    await refuses('POST', '/api/jobs/stop_job/', stop(NOW * 1000), 'stopTime');
    await refuses('POST', '/api/jobs/stop_job/', stop(NOW + DAY_SEC + 1), 'stopTime');
    await refuses('POST', '/api/jobs/stop_job/', stop(-1), 'stopTime');
  });

  test('tags and nodes have no control characters', async () => {
    for (const text of CONTROL) {
      for (const part of ['type', 'name', 'scope']) {
        const tag = { type: 't', name: 'n', scope: 'global', [part]: text };
        await refuses('POST', '/api/jobs/tag_job/1', [tag], part);
      }
      const nodes = [{ hostname: 'n01', states: ['idle'] }];
      await refuses('POST', '/api/nodestate/', { cluster: text, nodes }, 'cluster');
      await refuses('POST', '/api/nodestate/', { cluster: 'small', nodes: [...nodes, { hostname: text }] }, 'hostname');
    }
  });
});

/** Reads one bad record between two good ones, and returns the reasons. */
async function saidOf(source: ImportSource): Promise<string> {
  let [jobs, bad] = [0, 0];
  const reasons: string[] = [];
  for await (const batch of source.batches()) {
    jobs += batch.jobs.length;
    bad += batch.bad;
    reasons.push(...batch.reasons.map(({ where, reason }) => `${where}: ${reason}`));
  }
  expect([jobs, bad], reasons.join()).toEqual([2, 1]);
  return reasons.join();
}

const GOOD = job({ startTime: TODAY - 7200, cluster: 'small' });

describe('import archive', () => {
  async function said(changes: Values): Promise<string> {
    const root = testFolder();
    await writeFiles(root, { 'version.txt': '3\n', 'small/cluster.json': smallCluster() });
    for (const [folder, meta] of Object.entries({ '0/001': {}, '0/002': changes, '0/003': {} })) {
      const place = `small/${folder}/1000`;
      await writeFiles(root, {
        [`${place}/meta.json`]: losslessJson({ ...GOOD, ...meta }),
        [`${place}/data.json`]: '{}',
      });
    }
    const target = testFolder();
    const reasons = await saidOf(await archiveSource(root, target));
    expect(reasons).toContain('small/0/002/1000');
    return reasons;
  }

  test.each(imported(TODAY))('$property', async ({ property, values }) => {
    const name = new RegExp(property, 'i'); // a subcluster must be configured
    for (const value of values) expect(await said({ [property]: value })).toMatch(name);
  });

  test('hosts and tags', async () => {
    for (const resources of HOSTS) expect(await said({ resources, subCluster: 'main' })).toContain('hostname');
    expect(await said({ tags: [{ type: 'a', name: 'b\n', scope: '' }] })).toContain('name of a tag');
  });
});

describe('import db', () => {
  const INT64_MOST = 2n ** 63n - 1n;

  async function said(column: string, value: unknown, tag = 'n'): Promise<string> {
    const path = join(testFolder(), 'job.db');
    await migrate(path);
    const file = openSqlite(path);
    const insert = (id: number, changes: Values) => {
      const row = {
        id,
        job_id: id,
        cluster: 'small',
        subcluster: 'main',
        start_time: TODAY - 7200,
        hpc_user: 'ada',
        project: 'p',
        cluster_partition: '',
        duration: 60,
        walltime: 60,
        job_state: 'completed',
        resources: '[{"hostname":"n01"}]',
        num_nodes: 1,
        shared: 'none',
        ...changes,
      };
      const columns = Object.keys(row);
      file.prepare(`INSERT INTO job (${columns}) VALUES (${columns.map(() => '?')})`).run(Object.values(row) as never);
    };
    insert(101, {});
    insert(102, { [column]: value });
    insert(103, {});
    file.prepare('INSERT INTO tag (id, tag_type, tag_name) VALUES (1, ?, ?)').run(['t', tag]);
    file.prepare('INSERT INTO jobtag (job_id, tag_id) VALUES (102, 1)').run();
    file.close();
    const source = await databaseSource(path, testFolder());
    const reasons = await saidOf(source);
    await source.close();
    expect(reasons).toMatch(/^job 102: /);
    return reasons;
  }

  test.each(imported(TODAY))('$property', async ({ property, column, values }) => {
    for (const value of values) {
      if (typeof value === 'bigint' && value > INT64_MOST) continue; // does not fit into the file
      expect(await said(column, value)).toContain(property);
    }
  });

  test('hosts and tags', async () => {
    for (const resources of HOSTS) expect(await said('resources', JSON.stringify(resources))).toContain('hostname');
    expect(await said('project', 'p', 'a\u0007')).toContain('name of a tag');
  });
});

describe('import sacct', () => {
  const COLUMNS = {
    JobIDRaw: '7',
    Cluster: 'small',
    Account: 'p',
    User: 'ada',
    Partition: 'x',
    Start: String(TODAY - 7200),
    ElapsedRaw: '60',
    State: 'COMPLETED',
    AllocCPUS: '4',
    AllocTRES: 'cpu=4',
    NodeList: 'n01',
    JobName: 'a',
  };

  test.each<[keyof typeof COLUMNS, string[], string]>([
    ['Cluster', CONTROL.filter((text) => text !== 'line\n' && text !== '\u0085'), 'cluster'],
    ['Account', ['a\u0000b', 'a\u007f'], 'project'],
    ['User', ['a\u0000b', 'a\u007f'], 'user'],
    ['Partition', ['a\u0000b', 'a\u007f'], 'partition'],
    ['NodeList', ['n\u0000', 'n01,n\u007f'], 'hostname'],
    ['Start', ['99999999999', String(TODAY + 2 * DAY_SEC)], 'startTime'],
    ['ElapsedRaw', ['4294967290'], 'duration'],
    ['AllocCPUS', ['2147483648'], 'numHwthreads'],
    ['AllocTRES', ['gres/gpu=2147483648'], 'numAcc'],
  ])('%s', async (column, values, property) => {
    for (const value of values) {
      const root = testFolder();
      const lines = [{}, { [column]: value }, {}].map((changes) => Object.values({ ...COLUMNS, ...changes }).join('|'));
      await writeFiles(root, { 'jobs.psv': [Object.keys(COLUMNS).join('|'), ...lines, ''].join('\n') });
      const reasons = await saidOf(await sacctFiles([join(root, 'jobs.psv')]));
      expect(reasons).toMatch(/^line 3: /);
      expect(reasons).toContain(property);
    }
  });
});

describe('the generator', () => {
  test('makes jobs within the bounds, at whatever time it makes them', () => {
    for (const job of generateJobs({ jobs: 3_000, seed: 1, endTime: NOW }))
      expect(jobProblem(job, NOW)).toBeUndefined();
  });

  test('has its jobs checked as every import does', () => {
    const builder = new BatchBuilder(NOW);
    builder.job(job({ duration: -1 }) as Job, false, 'job 1');
    expect(builder.take(1)).toMatchObject({
      jobs: [],
      read: 1,
      bad: 1,
      reasons: [{ where: 'job 1', reason: 'duration must be at least 0, not -1' }],
    });
  });
});
