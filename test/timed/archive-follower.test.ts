import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { changeMeta } from '../../src/archive/change-meta.ts';
import { jobFolder } from '../../src/archive/layout.ts';
import { type ArchiveFollower, followArchive } from '../../src/timed/archive-follower.ts';
import { writeFiles } from '../support/archive.ts';
import { testFolder } from '../support/folder.ts';
import { until } from '../support/pool.ts';
import { job, NOW, type TestApp, testApp } from '../support/test-app.ts';

const ARCHIVED = { jobId: 1234007, startTime: NOW - 7200, monitoringStatus: 3 } as const;

let service: TestApp;
let follower: ArchiveFollower;
beforeEach(async () => {
  service = await testApp({
    jobs: [job(ARCHIVED), job({ ...ARCHIVED, jobId: 2, jobState: 'running' }), job({ ...ARCHIVED, jobId: 3 })],
    service: (real) => {
      const { db, archive, log } = real;
      if (archive === undefined) throw new Error('the test app has an archive');
      follower = followArchive({ db, archive, log });
      return { archiveChanged: () => follower.wake() };
    },
  });
  await write(
    '{"jobId":9007199254740993,"energy":1.50,"tags":[{"type":"old","name":"x"}],"metaData":{"jobScript":"run"},"other":null}',
  );
});
afterEach(async () => {
  await follower.stop();
  await service.close();
});

const folder = () => jobFolder(service.archiveRoot, { ...ARCHIVED, cluster: 'small' }) ?? '';
async function write(text: string) {
  await mkdir(folder(), { recursive: true });
  await writeFile(join(folder(), 'meta.json'), text);
}
const meta = async () => await readFile(join(folder(), 'meta.json'), 'utf8');
const queued = async () => (await service.query('SELECT job_id AS id FROM ccjobs_archive_queue')).map(({ id }) => id);
const followed = async () => {
  for (let tries = 0; (await queued()).length > 0; tries += 1) {
    if (tries > 500) throw new Error('the queue does not empty');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
};

test('the file follows tags and metadata; the rest of it stays, to the letter of its numbers', async () => {
  await service.send('POST', '/api/jobs/tag_job/1', [
    { type: 'note', name: 'n', scope: 'admin' },
    { type: 'app', name: 'a' },
  ]);
  await service.send('PATCH', '/api/jobs/edit_meta/1', { key: 'seen', value: 'yes' });
  await followed();
  expect(await meta()).toBe(
    '{"jobId":9007199254740993,"energy":1.50,"tags":[{"id":0,"type":"note","name":"n","scope":"admin"},' +
      '{"id":0,"type":"app","name":"a","scope":"global"}],"metaData":{"jobScript":"run","seen":"yes"},"other":null}\n',
  );
  expect((await readdir(folder())).sort()).toEqual(['meta.json']); // no temporary file is left
});

test('deleting a tag reaches the files of its jobs', async () => {
  const tag = { type: 'app', name: 'a', scope: 'global' };
  await service.send('POST', '/api/jobs/tag_job/1', [tag]);
  await followed();
  expect(await meta()).toContain('"type":"app"');
  await service.send('DELETE', '/api/tags/', [tag]);
  await followed();
  expect(JSON.parse(await meta())).toMatchObject({ tags: [] });
});

test('a running job has no file to follow', async () => {
  await follower.stop();
  await service.send('PATCH', '/api/jobs/edit_meta/2', { key: 'seen', value: 'yes' });
  expect(await queued()).toEqual([]);
});

test.each(['{', '[]', ''])('a file that holds %j is left alone, and does not fail the request', async (text) => {
  await write(text);
  expect((await service.send('PATCH', '/api/jobs/edit_meta/1', { key: 'seen', value: 'yes' })).status).toBe(200);
  await followed();
  expect(await meta()).toBe(text);
});

test('a missing file, and a job that was deleted meanwhile, leave the queue', async () => {
  await follower.stop();
  await service.send('PATCH', '/api/jobs/edit_meta/3', { key: 'a', value: 'b' });
  await service.send('PATCH', '/api/jobs/edit_meta/1', { key: 'a', value: 'b' });
  await service.send('DELETE', '/api/jobs/delete_job/1', '');
  expect(await queued()).toEqual([1, 3]);
  const { db, lines } = service;
  const problems: string[] = [];
  const next = followArchive({
    db,
    archive: {
      follow: async (changes) => {
        for (const change of changes)
          await changeMeta('/nowhere', change).catch(() => problems.push(String(change.job.jobId)));
      },
    },
    log: { error: () => lines.push({ level: 'error', message: '', fields: {} }) },
  });
  next.wake();
  await followed();
  await next.stop();
  expect(problems).toEqual(['3']);
});

test('what a service left in the queue is done by the next one', async () => {
  await follower.stop();
  await service.send('PATCH', '/api/jobs/edit_meta/1', { key: 'late', value: 'yes' });
  expect(await queued()).toEqual([1]);
  const { db } = service;
  const done = Promise.withResolvers<number>();
  const next = followArchive({
    db,
    archive: {
      follow: async (changes) => {
        for (const change of changes) await changeMeta(folder(), change);
        done.resolve(changes.length);
      },
    },
    log: { error: () => {} },
  });
  next.wake();
  expect(await done.promise).toBe(1);
  await followed();
  await next.stop();
  expect(JSON.parse(await meta())).toMatchObject({ metaData: { late: 'yes', jobScript: 'run' } });
});

test('a change that comes while its file is written is written as well', async () => {
  await follower.stop();
  const edit = (value: string) => service.send('PATCH', '/api/jobs/edit_meta/1', { key: 'k', value });
  await edit('one');
  let rounds = 0;
  const next = followArchive({
    db: service.db,
    archive: {
      follow: async (changes) => {
        rounds += 1;
        if (rounds === 1) await edit('two'); // between the read and the write of the file
        for (const change of changes) await changeMeta(folder(), change);
      },
    },
    log: { error: () => {} },
  });
  next.wake();
  await until(() => rounds === 2, 5_000);
  await followed();
  await next.stop();
  expect(JSON.parse(await meta())).toMatchObject({ metaData: { k: 'two' } });
});

test('changeMeta keeps a key such as __proto__ as a key', async () => {
  const root = testFolder();
  await writeFiles(root, { 'meta.json': '{"__proto__":{"a":1},"metaData":{"__proto__":"x"}}' });
  await changeMeta(root, {
    job: { cluster: 'c', jobId: 1, startTime: 1 },
    tags: [],
    metaData: JSON.parse('{"__proto__":"y"}'),
  });
  expect(await readFile(join(root, 'meta.json'), 'utf8')).toBe(
    '{"__proto__":{"a":1},"metaData":{"__proto__":"y"},"tags":[]}\n',
  );
});
