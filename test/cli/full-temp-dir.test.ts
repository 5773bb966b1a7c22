/** A full DB_TEMP_DIR: what has to sort there fails, and nothing else. */
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { jobs } from '../support/column-index.ts';
import { OPEN, run, start } from '../support/command-line.ts';
import { testFolder } from '../support/folder.ts';
import { openSqlite } from '../support/sqlite.ts';

/** Their totals by user are sorted in 5 MB, more than a page cache of 2 MB. */
const JOBS = 60_000;

/** In a namespace of its own every account may mount, unless the machine forbids it. */
const MAY_MOUNT = spawnSync('unshare', ['-rm', 'mount', '-t', 'tmpfs', 'none', '/tmp']).status === 0;

test.skipIf(!MAY_MOUNT)('writes and small reads go on, a large sort is disk_full', async () => {
  const cwd = testFolder();
  expect((await run(cwd, ['generate', '--jobs', '10', '--archived', '0', '--seed', '1'])).code).toBe(0);
  const db = openSqlite(join(cwd, 'var/job.db'), 1_000);
  await db.exec(jobs(5_000_000, 5_000_000 + JOBS, "'a user with a long name ' || x, 10"));
  db.close();
  mkdirSync(join(cwd, 'temp'));
  const full = 'mount -t tmpfs -o size=256k none temp; cat /dev/zero > temp/full 2> /dev/null';
  const settings = { ...OPEN, DB_TEMP_DIR: './temp', DB_CACHE_SIZE_MB: '2' };
  const service = start(cwd, ['serve'], settings, 'pipe', `exec unshare -rm sh -c '${full}; exec "$0" "$@"' "$0" "$@"`);
  const [, url = ''] = await service.says(/"url":"([^"]+)"/);
  const ask = async (path: string, body?: object) => {
    const init = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) };
    const answer = await fetch(`${url}${path}`, init);
    const { code, status } = (await answer.json()) as { code?: string; status?: string };
    return `${answer.status} ${code ?? status ?? ''}`.trim();
  };
  const totals = '/api/statistics/jobs?group-by=user';
  const job = { cluster: 'fern', user: 'ada', startTime: 1_700_000_000, numNodes: 1 };
  const resources = [{ hostname: 'f0001' }];
  for (const jobId of [1_000_001, 1_000_002]) {
    expect(await ask(totals)).toBe('503 disk_full');
    expect(await ask('/api/jobs/start_job/', { ...job, resources, jobId })).toBe('201');
    expect(await ask('/api/jobs/?items-per-page=25')).toBe('200');
    expect(await ask('/healthz')).toBe('200 ok');
  }
});
