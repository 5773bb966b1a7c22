/** The end of an idle service: no timer and no wait keeps its process alive. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { migrateRemote } from '../../src/db/remote/migrate-remote.ts';
import { migrated, OPEN } from '../support/command-line.ts';
import { libsqlServer } from '../support/libsql-server.ts';

const FIXTURE = join(import.meta.dirname, '../fixtures/stopped-service.ts');

async function keptBy(env: Record<string, string>): Promise<unknown> {
  const cwd = await migrated();
  const { PATH = '' } = process.env;
  const { stdout } = await promisify(execFile)(process.execPath, [FIXTURE], {
    cwd,
    env: { PATH, ...OPEN, LOG_LEVEL: 'error', ...env },
  });
  return JSON.parse(stdout);
}

test('on a file', async () => {
  expect(await keptBy({ COLUMN_INDEX: 'off' })).toEqual([]);
});

test('on a file with the column index', async () => {
  expect(await keptBy({ COLUMN_INDEX: 'on' })).toEqual([]);
});

test('on a libSQL server, and with a replica of one', async () => {
  const { url } = await libsqlServer();
  await migrateRemote({ url });
  expect(await keptBy({ DB_URL: url })).toEqual([]);
  expect(await keptBy({ DB_URL: 'file:./replica.db', DB_SYNC_URL: url })).toEqual([]);
});
