/** A lack of open files ends neither a process nor the service. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { databaseFile } from '../support/local-database.ts';
import { fixture } from '../support/pool.ts';

test('processes that die while no file can be opened are replaced once there is room', async () => {
  const path = await databaseFile();
  const command = `ulimit -n 128; exec '${process.execPath}' '${fixture('service-out-of-files')}' '${path}'`;
  const { stdout } = await promisify(execFile)('/bin/sh', ['-c', command]);
  const { rows, failures, before, now } = JSON.parse(stdout);
  expect(rows).toEqual([{ answer: 1 }]);
  expect(failures).toContain('EMFILE');
  expect(now).toHaveLength(before.length);
  expect(now.filter((pid: number) => before.includes(pid))).toEqual([]);
});
