import { randomBytes } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { expect, onTestFinished, test } from 'vitest';
import { openArchive, UPKEEP_MB } from '../../src/archive/archive-processes.ts';
import { ReplacementPermit } from '../../src/processes/replacement-permit.ts';
import { writeFiles } from '../support/archive.ts';
import { testFolder } from '../support/folder.ts';
import { until, within } from '../support/pool.ts';

const JOB = { cluster: 'small', jobId: 1n, startTime: 1_700_000_000 };

function decoder(root = testFolder(), upkeepMb = 0) {
  const warnings: { message: string; fields: object }[] = [];
  const archive = openArchive({
    root,
    memoryMb: 248 + upkeepMb,
    upkeepMb,
    queueLimit: 4,
    callerLimit: 4,
    maxIdleMs: 600_000,
    replacementPermit: new ReplacementPermit(),
    log: { warn: (fields, message) => warnings.push({ message, fields }) },
  });
  onTestFinished(() => archive.close(500));
  return { archive, warnings };
}

test('what a decoder died of is tried on a second one, and counted', async () => {
  const { archive, warnings } = decoder();
  expect(await archive.statistics([JOB], within(10_000))).toHaveLength(1); // null: there are none
  const [{ pid } = { pid: 0 }] = archive.status().processes;
  process.kill(pid, 'SIGSTOP');
  const asked = archive.statistics([JOB], within(10_000));
  process.kill(pid, 'SIGKILL');
  expect(await asked).toHaveLength(1);
  expect(archive.status().counters).toMatchObject({ crashes: 1, retries: 1, lostTwice: 0 });
  await until(() => warnings.some(({ message }) => message === 'a process died'), 2_000);
  const told = warnings.find(({ message }) => message === 'a process died');
  expect(told?.fields).toMatchObject({ role: 'archive', pid, exit: 'SIGKILL', state: 'busy' });
});

test('a list does not wait for metric data', async () => {
  const { archive } = decoder();
  await archive.jobData({ job: JOB, metrics: null, scopes: null, resolution: null, shape: 'map' }, within(10_000));
  const decoderPid = archive.status().processes.find(({ role }) => role === 'decoder')?.pid ?? 0;
  process.kill(decoderPid, 'SIGSTOP');
  const slow = archive.jobData(
    { job: JOB, metrics: null, scopes: null, resolution: null, shape: 'map' },
    within(10_000),
  );
  expect(await archive.statistics([JOB], within(10_000))).toHaveLength(1);
  process.kill(decoderPid, 'SIGCONT');
  expect(await slow).toBeNull();
});

test('the metrics of a job come in pieces of their own, and a bad resolution is refused without a warning', async () => {
  const root = testFolder();
  const series = [{ hostname: 'n1', data: [1.5, null] }];
  const metric = { node: { timestep: 60, series }, core: { timestep: 60, series } };
  await writeFiles(root, { 'small/0/001/1700000000/data.json': { flops_any: metric, mem_bw: metric } });
  const { archive, warnings } = decoder(root);
  const asked = { job: JOB, metrics: ['flops_any'] };
  const pieces = await archive.scopedMetrics({ ...asked, samples: { scopes: null, resolution: null } }, within(10_000));
  const texts = pieces?.map((piece) => JSON.parse(new TextDecoder().decode(piece)));
  expect(texts).toMatchObject([
    { name: 'flops_any', scope: 'node', metric: { series: [{ hostname: 'n1', data: '[1.5,null]' }] } },
    { name: 'flops_any', scope: 'core' },
  ]);
  const none = { job: JOB, metrics: ['unknown'], samples: null };
  expect(await archive.scopedMetrics(none, within(10_000))).toEqual([]);
  const refused = archive.scopedMetrics({ ...asked, samples: { scopes: null, resolution: 90 } }, within(10_000));
  await expect(refused).rejects.toMatchObject({ code: 'invalid_request', message: expect.stringContaining('90 s') });
  const grid = { rows: 1, cols: 1, minX: 0.1, maxX: 10, minY: 1, maxY: 10 };
  expect(await archive.roofline({ job: JOB, grid }, within(10_000))).toBe('[1]');
  expect(warnings).toEqual([]);
});

test('files are compressed and moved in a process of their own, which may die', async () => {
  const root = testFolder();
  const target = testFolder();
  const text = JSON.stringify({ flops_any: {}, filler: randomBytes(2 ** 22).toString('hex') }); // takes half a second
  const data = 'small/0/001/1700000000/data.json';
  await writeFiles(root, { 'version.txt': '3', 'small/cluster.json': '{}', [data]: text });
  await writeFiles(target, { 'version.txt': '3' });
  const { archive } = decoder(root, UPKEEP_MB);
  const { upkeep } = archive;
  if (upkeep === undefined) throw new Error('it has the memory');
  await upkeep.checkTarget(target);
  await expect(upkeep.checkTarget(root)).rejects.toThrow('must not be the archive');
  const compressing = upkeep.compress(JOB);
  const keeper = () => archive.status().processes.find(({ role }) => role === 'upkeep');
  await until(() => keeper()?.state === 'busy', 10_000);
  process.kill(keeper()?.pid ?? 0, 'SIGKILL');
  expect(await compressing).toEqual({ bytes: expect.any(Number) }); // by the next one
  expect(archive.status().counters).toMatchObject({ crashes: 1, retries: 1 });
  const moved = await upkeep.move(JOB, target);
  expect(moved).toEqual({ bytes: statSync(join(target, `${data}.gz`)).size });
  expect(gunzipSync(readFileSync(join(target, `${data}.gz`))).toString() === text).toBe(true);
  expect(await upkeep.remove(JOB)).toEqual({ bytes: 0 });
  await rm(join(root, 'small/cluster.json'));
  expect(await upkeep.remove(JOB)).toEqual({ problem: expect.stringContaining('is its file system mounted?') });
  expect(decoder().archive.upkeep).toBeUndefined();
});
