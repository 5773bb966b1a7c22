import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { bodyOf, CACHED_JOB, faultIn, job, NOW, START_BODY, type TestApp, testApp } from '../support/test-app.ts';

const START = '/api/jobs/start_job/';
const STOP = '/api/jobs/stop_job/';

let service: TestApp;
beforeEach(async () => {
  service = await testApp({ jobs: [job({ jobId: 1 })], sql: CACHED_JOB });
});
afterEach(() => service.close());

const start = async (changes: object, ...who: string[]) => {
  const [user, ...roles] = who;
  return await service.send('POST', START, { ...START_BODY, ...changes }, user, ...roles);
};
const jobsOf = async (query: string) =>
  (await bodyOf<{ jobs: Record<string, unknown>[] }>(await service.get(`/api/jobs/?${query}`))).jobs;

describe('start_job', () => {
  test('answers 201, and the job is in every list at once', async () => {
    const answer = await start({});
    expect([answer.status, await answer.text()]).toEqual([201, '{"msg":"success"}\n']);
    expect(await jobsOf('state=running&user=ada')).toMatchObject([
      {
        jobId: 7,
        cluster: 'small',
        subCluster: 'main',
        user: 'ada',
        project: '',
        shared: 'none',
        duration: 0,
        monitoringStatus: 1,
      },
    ]);
  });

  test('takes PUT as well, and any content type', async () => {
    expect((await service.send('PUT', START, START_BODY)).status).toBe(201);
  });

  test('stores what cc-backend can read, and no NULL', async () => {
    await start({ partition: null, metaData: null });
    const row = { ...START_BODY };
    const [stored] = await service.query('SELECT * FROM job WHERE job_id = 7');
    expect(stored).toMatchObject({
      job_id: row.jobId,
      submit_time: 0,
      cluster_partition: '',
      array_job_id: 0,
      num_hwthreads: 0,
      num_acc: 0,
      smt: 0,
      duration: 0,
      walltime: 0,
      meta_data: 'null',
      footprint: 'null',
      energy_footprint: null,
      resources: '[{"hostname":"n01"}]',
      job_state: 'running',
      monitoring_status: 1,
    });
  });

  test('keeps 64-bit numbers exact', async () => {
    const jobId = 2n ** 63n - 1n;
    await start({ jobId, arrayJobId: 2n ** 53n + 1n, walltime: 2n ** 53n + 3n });
    const text = await (await service.get('/api/jobs/?user=ada&state=running')).text();
    expect(text).toContain(`"arrayJobId":9007199254740993,"walltime":9007199254740995,"jobId":${jobId},`);
    const stop = await service.send('POST', STOP, { jobId, stopTime: NOW + 5 });
    expect(await stop.text()).toContain(`"jobId":${jobId},"duration":5,`);
  });

  test.each([
    ['the same start', {}],
    ['a start less than a day later', { startTime: NOW + 86_399 }],
    ['an earlier start, however early', { startTime: NOW - 1_000_000 }],
  ])('refuses a job that is there already: %s', async (_, again) => {
    await start({});
    const [status, code, error] = await faultIn(await start(again));
    expect([status, code]).toEqual([422, 'conflict']);
    expect(error).toMatch(/already exists: dbid: \d+, jobid: 7$/);
    expect(await service.query('SELECT count(*) AS n FROM job WHERE job_id = 7')).toEqual([{ n: 1 }]);
  });

  test('takes the same id a day later, and another id at once', async () => {
    await start({});
    expect((await start({ startTime: NOW + 86_400 })).status).toBe(201);
    expect((await start({ jobId: 8 })).status).toBe(201);
  });

  describe('of a job that was requeued', () => {
    const stop = async (stopTime: number, jobState = 'cancelled') =>
      expect((await service.send('POST', STOP, { jobId: 7, stopTime, jobState })).status).toBe(200);
    const runs = () => service.query('SELECT start_time AS s, job_state AS j FROM job WHERE job_id = 7 ORDER BY id');

    test('is another run, from the end of the one before', async () => {
      await start({ startTime: NOW - 500 });
      await stop(NOW - 200);
      expect((await start({ startTime: NOW - 200 })).status).toBe(201);
      expect(await runs()).toEqual([
        { s: NOW - 500, j: 'cancelled' },
        { s: NOW - 200, j: 'running' },
      ]);
      expect(await jobsOf('job-id=7')).toMatchObject([{ duration: 200 }, { duration: 300 }]);
    });

    test.each([
      ['the same start, sent again', NOW - 500],
      ['a start before the end', NOW - 201],
      ['an earlier start', NOW - 501],
    ])('is refused: %s', async (_, startTime) => {
      await start({ startTime: NOW - 500 });
      await stop(NOW - 200);
      expect((await faultIn(await start({ startTime })))[0]).toBe(422);
      expect(await runs()).toHaveLength(1);
    });

    test('is refused while its newest run goes on, and if it repeats the start of any run', async () => {
      await start({ startTime: NOW - 500 });
      await stop(NOW - 400);
      await start({ startTime: NOW - 300 });
      expect((await start({ startTime: NOW - 200 })).status).toBe(422);
      await stop(NOW - 100);
      for (const startTime of [NOW - 500, NOW - 450, NOW - 300]) expect((await start({ startTime })).status).toBe(422);
      expect((await start({ startTime: NOW - 100 })).status).toBe(201);
    });

    test('of no duration starts a second later, not in the same one', async () => {
      await start({ startTime: NOW - 500 });
      await stop(NOW - 500);
      expect((await start({ startTime: NOW - 500 })).status).toBe(422);
      expect((await start({ startTime: NOW - 499 })).status).toBe(201);
    });

    test('is refused while it is suspended', async () => {
      await start({ startTime: NOW - 500 });
      await stop(NOW - 400, 'suspended');
      expect((await start({ startTime: NOW - 300 })).status).toBe(422);
    });

    test('counts what is in the cache of cc-backend', async () => {
      expect((await start({ jobId: 50, startTime: NOW })).status).toBe(422); // it runs there
      await service.write("UPDATE job_cache SET job_state = 'failed', duration = 60");
      expect((await start({ jobId: 50, startTime: NOW - 41 })).status).toBe(422);
      expect((await start({ jobId: 50, startTime: NOW - 40 })).status).toBe(201);
    });
  });

  test('refuses a job that cc-backend has in its cache', async () => {
    expect((await faultIn(await start({ jobId: 50, startTime: NOW })))[0]).toBe(422);
  });

  test.each([
    ['an empty body', '', /the body is empty/],
    ['no JSON', '{', /parsing request body failed/],
    ['something behind it', `${JSON.stringify(START_BODY)} x`, /parsing request body failed/],
    ['a list', [], /expected object/],
    ['an unknown field', { ...START_BODY, colour: 'red' }, /unknown field colour/],
    ['an unknown field of a resource', { ...START_BODY, resources: [{ hostname: 'n01', x: 1 }] }, /unknown field x/],
    ['a fraction', '{"jobId":1.5}', /jobId: must be a 64-bit integer/],
    ['an exponent', '{"jobId":1e3}', /jobId: must be a 64-bit integer/],
    ['an id of 65 bits', '{"jobId":9223372036854775808}', /jobId: must be a 64-bit integer/],
    ['a count of 33 bits', '{"numNodes":2147483648}', /numNodes: must be a 32-bit integer/],
    ['a number for a text', '{"user":5}', /user: must be a string/],
    ['metadata that is no text', '{"metaData":{"a":1}}', /metaData.a: must be a string/],
    ['an empty cluster', { ...START_BODY, cluster: '' }, /cluster is missing or empty/],
    [
      'an unknown cluster',
      { ...START_BODY, cluster: 'nowhere' },
      /no such cluster "nowhere" in the loaded configuration/,
    ],
    ['an unknown subcluster', { ...START_BODY, subCluster: 'x' }, /has no subcluster "x"/],
    [
      'a node that is in no list',
      { ...START_BODY, resources: [{ hostname: 'q1' }] },
      /no subcluster of "small" has a node "q1"/,
    ],
    ['an empty list', { ...START_BODY, resources: [] }, /resources is missing or empty/],
    ['a host without a name', { ...START_BODY, resources: [{}] }, /the hostname of a resource is missing or empty/],
    ['an empty user', { ...START_BODY, user: '' }, /user is missing or empty/],
    ['no node', { ...START_BODY, numNodes: 0 }, /numNodes is missing or 0/],
    ['too few resources', { ...START_BODY, numNodes: 2 }, /numNodes is 2, but there are 1 resources/],
    ['accelerators below 0', { ...START_BODY, numAcc: -1 }, /numAcc must be at least 0/],
    ['a word for shared that is none', { ...START_BODY, shared: 'all' }, /shared must be one of/],
    ['monitoring 4', { ...START_BODY, monitoringStatus: 4 }, /monitoringStatus must be/],
  ])('refuses %s with 400, and stores nothing', async (_, body, why) => {
    const [status, code, error] = await faultIn(await service.send('POST', START, body));
    expect([status, code]).toEqual([400, 'invalid_request']);
    expect(error).toMatch(why);
    expect(await service.query('SELECT count(*) AS n FROM job')).toEqual([{ n: 1 }]);
  });

  test('stores a job on a host in no list where the settings name its subcluster', async () => {
    const away = { resources: [{ hostname: 'q1' }] };
    for (const [named, status, subCluster] of [
      ['big', 201, 'big'],
      ['nowhere', 400, undefined], // the cluster has no such subcluster
      ['off', 400, undefined],
    ] as const) {
      const own = await testApp({ settings: { UNKNOWN_HOST_SUBCLUSTER: named } });
      onTestFinished(() => own.close());
      expect((await own.send('POST', START, { ...START_BODY, ...away })).status).toBe(status);
      // The cluster lists its host.
      expect((await own.send('POST', START, { ...START_BODY, jobId: 8 })).status).toBe(201);
      const stored = await own.query('SELECT subcluster FROM job ORDER BY job_id');
      expect(stored.map(({ subcluster }) => subcluster)).toEqual(
        subCluster === undefined ? ['main'] : [subCluster, 'main'],
      );
    }
  });

  test('reads field names in any case, and takes the last of two', async () => {
    const body = `{"JOBID":1,"jobid":9,"Cluster":"small","USER":"eve","numnodes":1,"Resources":[{"HostName":"n01"}]}`;
    expect((await service.send('POST', START, body)).status).toBe(201);
    expect(await jobsOf('user=eve')).toMatchObject([{ jobId: 9, startTime: 0 }]);
  });

  test.each([
    [{ exclusive: 0 }, 'multi_user'],
    [{ exclusive: 1 }, 'none'],
    [{ exclusive: 2 }, 'single_user'],
    [{ exclusive: 3 }, 'multi_user'],
    [{ exclusive: null }, 'none'],
    [{ exclusive: 0, shared: 'none' }, 'none'],
  ])('understands %j of older adapters', async (changes, shared) => {
    expect((await start(changes)).status).toBe(201);
    expect(await service.query('SELECT shared FROM job WHERE job_id = 7')).toEqual([{ shared }]);
  });

  test('refuses another number for exclusive', async () => {
    expect(await faultIn(await start({ exclusive: 4 }))).toEqual([
      400,
      'invalid_request',
      expect.stringMatching(/^shared must be one of/),
    ]);
  });

  test('accepts the fields it does not store, and any jobState', async () => {
    const more = {
      jobState: 'whatever',
      id: 5,
      requestedMemory: 3,
      statistics: null,
      concurrentJobs: null,
      smt: 2,
    };
    expect((await start(more)).status).toBe(201);
    expect(await service.query('SELECT submit_time, job_state, smt FROM job WHERE job_id = 7')).toEqual([
      { submit_time: 0, job_state: 'running', smt: 2 },
    ]);
  });

  test('adds tags, and is stored without those that its caller may not write and those whose name is taken', async () => {
    const tags = [
      { type: 'app', name: 'vasp' },
      { type: 'note', name: 'x', scope: 'admin' },
    ];
    expect((await start({ tags })).status).toBe(201);
    expect(
      await service.query('SELECT tag_type AS t, tag_scope AS s FROM tag JOIN jobtag ON tag_id = tag.id ORDER BY 1'),
    ).toEqual([
      { t: 'app', s: 'global' },
      { t: 'note', s: 'admin' },
    ]);
    const foreign = {
      jobId: 8,
      tags: [
        { type: 'a', name: 'b' },
        { type: 'mine', name: 'x', scope: 'somebody' },
      ],
    };
    const left = async (answer: Response) => [answer.status, await answer.json()];
    const scoped = { type: 'mine', name: 'x', scope: 'somebody' };
    expect(await left(await start(foreign))).toEqual([201, { msg: 'success', tagsLeftOut: [scoped] }]);
    const otherScope = {
      jobId: 9,
      tags: [{ type: 'new', name: 'b' }, { type: 'note', name: 'x' }, { type: 'nameless' }],
    };
    const nameless = { type: 'nameless', name: '', scope: 'global' };
    const taken = { type: 'note', name: 'x', scope: 'global' };
    expect(await left(await start(otherScope))).toEqual([201, { msg: 'success', tagsLeftOut: [nameless, taken] }]);
    expect(
      await service.query(`SELECT job.job_id AS id, tag_type AS t FROM jobtag JOIN tag ON tag_id = tag.id
        JOIN job ON job.id = jobtag.job_id WHERE job.job_id > 7 ORDER BY 1`),
    ).toEqual([
      { id: 8, t: 'a' },
      { id: 9, t: 'new' },
    ]);
  });
});

test('writing is for machine accounts and admins with api', async () => {
  for (const [user, ...roles] of [
    ['ada', 'user', 'api'],
    ['max', 'manager', 'api'],
    ['sue', 'support', 'api'],
    ['root', 'admin'],
  ]) {
    expect((await faultIn(await start({}, user ?? '', ...roles))).slice(0, 2)).toEqual([401, 'unauthorized']);
  }
  expect((await start({}, 'root', 'admin', 'api')).status).toBe(201);
  expect((await service.app.request(START, { method: 'POST', body: '{}' })).status).toBe(401);
});
