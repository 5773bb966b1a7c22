import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ClusterFileSchema } from '../../src/clusters/cluster-schema.ts';
import { Clusters } from '../../src/clusters/clusters.ts';
import { deriveCluster } from '../../src/clusters/derive-cluster.ts';
import { MAX_LINE_BYTES } from '../../src/import/lines.ts';
import { localClock } from '../../src/import/sacct/local-clock.ts';
import type { SacctOptions } from '../../src/import/sacct/sacct-source.ts';
import { durationSec, gpusOfGres, gpusOfTres, stateOf, walltimeSec } from '../../src/import/sacct/sacct-values.ts';
import type { Job } from '../../src/jobs/job.ts';
import { writeFiles } from '../support/archive.ts';
import { testFolder } from '../support/folder.ts';
import { sacctFiles } from '../support/sacct-file.ts';
import { smallCluster } from '../support/small-cluster.ts';

const HEADER = 'State|JobID|JobIDRaw|Cluster|Account|User|Start|Elapsed|NodeList|JobName|Submit|AllocTRES|Timelimit';
const line = (changes: Record<string, string> = {}) => {
  const fields: Record<string, string> = {
    State: 'COMPLETED',
    JobID: '7',
    JobIDRaw: '7',
    Cluster: 'small',
    Account: 'p1',
    User: 'u1',
    Start: '2026-01-02T03:04:05',
    Elapsed: '01:00:00',
    NodeList: 'n[01-02]',
    JobName: 'run',
    Submit: '2026-01-02T03:00:00',
    AllocTRES: 'cpu=8,gres/gpu:a100=2,gres/gpu=2',
    Timelimit: '1-00:00:00',
    ...changes,
  };
  return HEADER.split('|')
    .map((name) => fields[name])
    .join('|');
};

async function read(content: string | Uint8Array, options: Partial<SacctOptions> = {}) {
  const root = testFolder();
  await writeFiles(root, { 'jobs.psv': content });
  const source = await sacctFiles([join(root, 'jobs.psv')], options);
  const result = { jobs: [] as Job[], reasons: [] as string[], neverStarted: 0, steps: 0, repaired: 0, position: 0 };
  for await (const batch of source.batches()) {
    result.jobs.push(...batch.jobs);
    result.reasons.push(...batch.reasons.map(({ where, reason }) => `${where}: ${reason}`));
    for (const kind of ['neverStarted', 'steps', 'repaired'] as const) result[kind] += batch[kind];
    result.position = batch.position;
  }
  return result;
}

describe('a line of sacct', () => {
  test('becomes a job', async () => {
    const { jobs } = await read(`${HEADER}\n${line()}\n`);
    expect(jobs).toEqual([
      {
        jobId: 7,
        arrayJobId: 0,
        cluster: 'small',
        subCluster: 'main',
        partition: '',
        project: 'p1',
        user: 'u1',
        shared: 'none',
        jobState: 'completed',
        submitTime: 1767322800,
        startTime: 1767323045, // date -ud 2026-01-02T03:04:05 +%s
        duration: 3600,
        walltime: 86_400,
        numNodes: 2,
        numHwthreads: 8,
        numAcc: 2,
        monitoringStatus: 0,
        energy: 0,
        resources: [{ hostname: 'n01' }, { hostname: 'n02' }],
        footprint: null,
        energyFootprint: null,
        metaData: { jobName: 'run', submitTime: '1767322800' },
        tags: [],
      },
    ]);
  });

  test('gets its subcluster from the configuration, else main', async () => {
    const clusters = new Clusters([deriveCluster(ClusterFileSchema.parse(smallCluster()))]);
    const lines = [HEADER, line({ NodeList: 'big1' }), line({ NodeList: 'lost', JobIDRaw: '8' })].join('\n');
    expect((await read(lines, { clusters })).jobs.map(({ subCluster }) => subCluster)).toEqual(['big', 'main']);
  });

  test('of an array is known by its raw id', async () => {
    const { jobs, reasons } = await read(
      [HEADER, line({ JobID: '100_3', JobIDRaw: '104' }), line({ JobID: '100_4', JobIDRaw: '' })].join('\n'),
    );
    expect(jobs.map(({ jobId, arrayJobId }) => [jobId, arrayJobId])).toEqual([[104, 100]]);
    expect(reasons).toEqual([expect.stringMatching(/^line 3: job id '100_4' requires a column JobIDRaw/)]);
  });

  test('of a job that never ran, or of a step, is counted', async () => {
    const lines = [
      HEADER,
      line({ State: 'PENDING', Start: 'Unknown', NodeList: 'None assigned' }),
      line({ State: 'CANCELLED by 5', NodeList: 'None assigned' }),
      line({ State: 'CANCELLED', Start: 'None' }),
      line({ JobID: '100_[5-9]', State: 'PENDING', Start: 'Unknown' }),
      line({ JobID: '7.batch', JobIDRaw: '7.batch', User: '' }),
      line({ JobID: '100_3.0', JobIDRaw: '104.0', User: '' }),
    ];
    expect(await read(lines.join('\n'))).toMatchObject({ jobs: [], reasons: [], neverStarted: 4, steps: 2 });
  });

  test('that is wrong is named and passed over', async () => {
    const wrong = [
      line({ State: 'DREAMING' }),
      line({ Start: 'yesterday' }),
      line({ Start: '2026-02-30T00:00:00' }),
      line({ NodeList: 'n[1-' }),
      line({ User: '' }),
      line({ Elapsed: '1h' }),
      line({ JobID: 'x', JobIDRaw: 'x' }),
      'a|b',
    ];
    const { jobs, reasons } = await read([HEADER, ...wrong, line()].join('\n'));
    expect(jobs).toHaveLength(1);
    expect(reasons).toEqual([
      "line 2: state 'DREAMING' is unknown",
      "line 3: start 'yesterday' is not a time",
      "line 4: start '2026-02-30T00:00:00' is not a time",
      "line 5: 'n[1-' is not a host list",
      'line 6: user is empty',
      "line 7: elapsed '1h' is not a duration",
      "line 8: job id 'x' is not valid",
      'line 9: has the wrong number of columns',
    ]);
  });

  test('may hold dividers in its job name, carriage returns and broken UTF-8', async () => {
    const bytes = Buffer.concat([
      Buffer.from(`${HEADER}\r\n${line({ JobName: 'a|b|c' })}\r\n`),
      Buffer.from(line({ JobID: '8', JobIDRaw: '8', JobName: 'gr\u00fc\u00df' }), 'latin1'),
    ]);
    const { jobs, repaired } = await read(bytes);
    expect(jobs.map(({ metaData }) => metaData?.jobName)).toEqual(['a|b|c', 'gr\ufffd\ufffd']);
    expect(repaired).toBe(1);
  });

  test('longer than the limit is passed over, and the next one read', async () => {
    const { jobs, reasons } = await read(`${HEADER}\n${'x'.repeat(MAX_LINE_BYTES * 2)}\n${line()}`);
    expect([jobs.length, reasons]).toEqual([1, [`line 2: longer than ${MAX_LINE_BYTES} bytes`]]);
  });
});

describe('a file of sacct', () => {
  test('without header has the columns of Open XDMoD', async () => {
    const xdmod =
      '5|5|c|part|normal|acc|g|1|u|2|2016-12-21T21:43:34|2016-12-21T21:43:34|2016-12-22T07:03:30|2016-12-30T03:43:09|7-20:39:39|0:0|CANCELLED by 2|1|12|12|48000Mn|cpu=12|billing=12|125-00:00:00|h-15-27|name|with|dividers';
    const { jobs } = await read(xdmod);
    expect(jobs[0]).toMatchObject({ jobState: 'cancelled', duration: 679_179, numHwthreads: 12, project: 'acc' });
    expect(jobs[0]?.metaData?.jobName).toBe('name|with|dividers');
  });

  test('without the needed columns is refused, naming them', async () => {
    await expect(read('JobID|User|Account\n1|ada|p1')).rejects.toThrow(/lacks columns: start, .*state, nodelist/);
    await expect(read('JobID|State\n1|COMPLETED')).rejects.toThrow(/lacks columns: user, account, start, .*nodelist/);
    await expect(read('hello\n')).rejects.toThrow(/not output of sacct/);
    await expect(read('')).rejects.toThrow(/not output of sacct/);
    await expect(read(`${HEADER.replace('Cluster|', '')}\n`)).rejects.toThrow(/--cluster NAME/);
    expect((await read(`${HEADER}\n${line({ Cluster: '' })}`, { cluster: 'c9' })).jobs[0]?.cluster).toBe('c9');
  });

  test('of ten thousand lines comes in batches', async () => {
    const lines = Array.from({ length: 10_000 }, (_, at) => line({ JobID: String(at + 1), JobIDRaw: String(at + 1) }));
    const content = [HEADER, ...lines].join('\n');
    const { jobs, position } = await read(content);
    expect([jobs.length, jobs.at(-1)?.jobId, position]).toEqual([10_000, 10_000, content.length]);
  });
});

describe('a local clock', () => {
  // Offsets from the published rules of the zone: Berlin is UTC+1, and UTC+2 from 29 March to 25 October 2026, changing
  // at 01:00 UTC.
  const berlin = localClock('Europe/Berlin');
  const utc = (text: string) => Date.parse(`${text}Z`) / 1000;

  test('knows daylight saving time', () => {
    expect(berlin('2026-01-15T12:00:00')).toBe(utc('2026-01-15T11:00:00'));
    expect(berlin('2026-07-15T12:00:00')).toBe(utc('2026-07-15T10:00:00'));
  });

  test('takes the first of an hour that comes twice, and moves one that is left out', () => {
    expect(berlin('2026-10-25T02:30:00')).toBe(utc('2026-10-25T00:30:00'));
    expect(berlin('2026-10-25T03:00:00')).toBe(utc('2026-10-25T02:00:00'));
    expect(berlin('2026-03-29T02:30:00')).toBe(utc('2026-03-29T01:30:00'));
    expect(berlin('2026-03-29T03:00:00')).toBe(utc('2026-03-29T01:00:00'));
  });

  test('reads zones off the hour, Unix seconds, and nothing else', () => {
    expect(localClock('Asia/Kathmandu')('2026-01-01T05:45:00')).toBe(utc('2026-01-01T00:00:00'));
    expect(berlin('1767323045')).toBe(1767323045);
    for (const text of ['Unknown', 'None', '', '2026-13-01T00:00:00', '2026-01-01', '2026-01-01T25:00:00']) {
      expect(berlin(text)).toBeUndefined();
    }
    expect(() => localClock('Mars/Olympus')).toThrow(RangeError);
  });
});

describe('the fields of sacct', () => {
  test.each([
    ['COMPLETED', 'completed'],
    ['CANCELLED by 1000', 'cancelled'],
    ['CANCELLED+', 'cancelled'],
    ['OUT_OF_ME+', 'out_of_memory'],
    ['NODE_FAIL', 'node_fail'],
    ['running', 'running'],
    ['REQUEUED', 'cancelled'],
    ['RESIZING', 'running'],
    ['PENDING', 'never'],
    ['EXPEDITING', 'never'],
    ['POWER_UP_NODE', 'running'],
    ['BOOT_FAIL', 'boot_fail'],
    ['RECONFIG_FAIL', 'failed'],
    ['COMP+', undefined],
    ['', undefined],
    ['constructor', undefined],
  ])('state %j is %j', (text, state) => {
    expect(stateOf(text)).toBe(state);
  });

  test.each([
    ['00:00:07', 7],
    ['10:00', 600],
    ['01:02:03', 3723],
    ['2-01:00:00', 176_400],
    ['00:01.500', 1],
    ['UNLIMITED', undefined],
    ['', undefined],
  ])('duration %j is %j s', (text, seconds) => {
    expect(durationSec(text)).toBe(seconds);
  });

  test('no time limit is 0', () => {
    expect(['UNLIMITED', 'Partition_Limit', ''].map(walltimeSec)).toEqual([0, 0, 0]);
  });

  test('GPUs are counted once', () => {
    expect(gpusOfTres('billing=8,cpu=8,gres/gpu:a100=4,gres/gpu=4,node=1')).toBe(4);
    expect(gpusOfTres('gres/gpu:a100=4,gres/gpu:a40=2')).toBe(6);
    expect(gpusOfTres('cpu=4,mem=1G')).toBe(0);
    expect(gpusOfGres('gpu:a100:2', 3)).toBe(6);
    expect(gpusOfGres('gpu:4', 2)).toBe(8);
  });
});
