/** Too few open files, for whatever reason, end neither a process nor the service. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { migrate } from '../../src/db/schema/migrate.ts';
import { fixture, testFolder } from '../support/pool.ts';

test('processes that die while no file can be opened are replaced once there is room', async () => {
  const path = join(testFolder(), 'job.db');
  await migrate(path);
  const command = `ulimit -n 128; exec '${process.execPath}' '${fixture('service-out-of-files')}' '${path}'`;
  const { stdout } = await promisify(execFile)('/bin/sh', ['-c', command]);
  const { rows, failures, before, now } = JSON.parse(stdout);
  expect(rows).toEqual([{ answer: 1 }]);
  expect(failures).toContain('EMFILE');
  expect(now).toHaveLength(before.length);
  expect(now.filter((pid: number) => before.includes(pid))).toEqual([]);
}, 120_000);
