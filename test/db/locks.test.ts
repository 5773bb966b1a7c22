import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { ReadConnection } from '../../src/db/driver/read-connection.ts';
import { WriteConnection } from '../../src/db/driver/write-connection.ts';
import { visibleTo } from '../../src/jobs/visibility.ts';
import { listBatches } from '../../src/questions/list/batches.ts';
import { testConnection } from '../support/connection-settings.ts';
import { databaseFile } from '../support/local-database.ts';
import { oneJob } from '../support/one-job.ts';
import { testPool, within } from '../support/pool.ts';

const ROOT = join(import.meta.dirname, '../..');
const ALL = visibleTo({ name: 'root', roles: new Set(['admin', 'api']), projects: [] });

/** Another program that has the file open, with data in its log, until its standard input ends. */
async function otherProgram(path: string): Promise<ChildProcess> {
  const program = `
    const db = new (require('libsql'))(${JSON.stringify(path)}, { timeout: 5000 });
    db.exec("INSERT INTO hpc_user (username, name) VALUES ('x' || random(), 'x')");
    process.stdout.write('ready');
    process.stdin.on('end', () => { db.close(); process.exit(); }).resume();`;
  const child = spawn(process.execPath, ['--no-warnings', '-e', program], {
    cwd: ROOT, // where libsql is installed
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  return child;
}

async function ended(child: ChildProcess): Promise<void> {
  child.stdin?.end();
  await once(child, 'exit');
}

/** The jobs that a program sees if it opens the file now. */
function jobsFor(path: string): number {
  const program = `const db = new (require('node:sqlite').DatabaseSync)(${JSON.stringify(path)}, { readOnly: true });
    console.log(db.prepare('SELECT count(*) AS jobs FROM job').get().jobs)`;
  return Number(execFileSync(process.execPath, ['--no-warnings', '-e', program], { encoding: 'utf8' }));
}

// The last program that closes a file empties and deletes its log, unless locks of another program show that it is in
// use.
test.each<'writer' | 'reader'>(['writer', 'reader'])(
  'a %s keeps the log when the last other program closes',
  async (role) => {
    const path = await databaseFile();
    const other = await otherProgram(path);
    const options = { path, settings: testConnection({ cacheMb: 1 }) };
    const connection = role === 'writer' ? await WriteConnection.open(options) : await ReadConnection.open(options);
    onTestFinished(() => connection.close());
    const log = statSync(`${path}-wal`).ino;
    await ended(other);
    expect(statSync(`${path}-wal`).ino).toBe(log);
    if (connection instanceof ReadConnection) return;
    const gate = { givenUp: () => false, locked() {}, began() {}, mayCommit: async () => true };
    await connection.write('insertJobs', { rows: [oneJob()], tags: [] }, gate);
    expect(jobsFor(path)).toBe(1);
  },
);

test('each write is there for the next read, while other programs come and go', async () => {
  const { db, path } = await testPool();
  const list = () => listBatches(ALL, { page: 1, itemsPerPage: 5, withMetadata: false, nowSec: 1_700_000_000 });
  const deadline = within(60_000);
  let others = true;
  const comeAndGo = async () => {
    for (let times = 0; others; times++) {
      await ended(await otherProgram(path));
      if (times > 100) throw new Error('the writes did not end');
    }
  };
  const coming = comeAndGo();
  for (let job = 1; job <= 300; job++) {
    const startTime = 1_600_000_000 + job;
    const rows = [oneJob({ jobId: BigInt(job), startTime })];
    await db.write('insertJobs', { rows, tags: [] }, deadline);
    const [first = expect.fail('no page')] = await list()(undefined);
    const page = await db.readPage(first, deadline);
    expect(page.more.last?.startTime).toBe(BigInt(startTime - Math.min(job, 5) + 1));
  }
  others = false;
  await coming;
  expect(jobsFor(path)).toBe(300);
});
