import { once } from 'node:events';
import { readdirSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type Environment, migrated, run } from '../support/command-line.ts';
import { testFolder } from '../support/folder.ts';
import { openSqlite } from '../support/sqlite.ts';

describe('a command that cannot begin ends with 2, one line and no stack', () => {
  const refusals: [string, string[], Environment, RegExp][] = [
    [
      'migrate below a file',
      ['migrate'],
      { DB_URL: 'file:./file/job.db' },
      /the name is already in use|not a directory/,
    ],
    ['migrate where nobody may write', ['migrate'], { DB_URL: 'file:./file/var/job.db' }, /file/],
    [
      'generate where nobody may write',
      ['generate', '--jobs', '5'],
      { ARCHIVE_PATH: './file/archive' },
      /archive cannot be created \(a part of the path is not a directory\): set ARCHIVE_PATH/,
    ],
    ['import db of a folder', ['import', 'db', '.'], {}, /not a regular file: correct the path/],
    ['import sacct of a folder', ['import', 'sacct', '.'], {}, /not a regular file: correct the path/],
    ['import sacct of nothing', ['import', 'sacct', 'nothing'], {}, /nothing: no such file or directory/],
    [
      'import sacct below nothing',
      ['import', 'sacct', 'no/x.psv'],
      {},
      /the folder no does not exist: correct the path/,
    ],
    ['import archive of nothing', ['import', 'archive', 'nothing'], {}, /nothing: no such directory: correct the path/],
    ['import archive of another folder', ['import', 'archive', '.'], {}, /it has no version\.txt/],
    ['import archive of a file', ['import', 'archive', 'file'], {}, /file: no such directory: correct the path/],
    [
      'retention without a database',
      ['retention', '--older-than', '5d'],
      {},
      /directory of the database does not exist/,
    ],
    ['user without a database', ['user', 'list'], {}, /directory of the database does not exist/],
  ];
  test.each(refusals)('%s', async (_, args, env, why) => {
    const cwd = testFolder();
    writeFileSync(join(cwd, 'file'), '');
    const { code, stdout, stderr } = await run(cwd, args, env);
    expect({ code, stdout, stderr }).toEqual({ code: 2, stdout: '', stderr: expect.stringMatching(why) });
    expect(stderr).not.toMatch(/^\s+at /m);
  });

  test('demo in a folder where something else has the name', async () => {
    const cwd = testFolder();
    writeFileSync(join(cwd, 'var'), '');
    const { code, stderr } = await run(cwd, ['demo'], { PORT: '0' });
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: expect.stringMatching(/the name is already in use|not a directory/),
    });
  });

  test('demo on a port in use, before any job is made', async () => {
    const cwd = testFolder();
    const other = createServer().listen(0, '127.0.0.1');
    onTestFinished(() => void other.close());
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    const { code, stderr } = await run(cwd, ['demo'], { PORT: String(port) });
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringMatching(/is in use/) });
    expect(readdirSync(cwd)).toEqual([]);
  });
});

test.each([
  ['import', 'sacct', 'jobs.psv'],
  ['generate', '--jobs', '5'],
  ['retention', '--older-than', '5d'],
  ['user', 'list'],
  ['migrate'],
  ['serve'],
])('%s %s of a file that is the replica of a libSQL server', async (...args) => {
  const cwd = await migrated();
  writeFileSync(join(cwd, 'var/job.db-client_wal_index'), '');
  writeFileSync(
    join(cwd, 'jobs.psv'),
    'JobID|JobIDRaw|Cluster|User|Account|State|Start|End|Elapsed|NNodes|NCPUS|NodeList\n',
  );
  const { code, stderr } = await run(cwd, args, { PORT: '0', AUTH: 'none' });
  expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringMatching(/is a replica of a libSQL server/) });
});

test('a load whose disk is full says how far it came, and ends with 1', async () => {
  const cwd = await migrated();
  const db = openSqlite(join(cwd, 'var/job.db'));
  await db.exec("CREATE TRIGGER full AFTER INSERT ON job WHEN new.id > 1500 BEGIN SELECT RAISE(FAIL, 'x'); END");
  db.close();
  const { code, stderr } = await run(cwd, ['generate', '--jobs', '3000', '--end', '1764000000', '--archived', '0']);
  expect(code).toBe(1);
  expect(stderr).toMatch(
    /failed \(run it again with --seed 1 --end 1764000000 to continue\): 1,000 read, 1,000 imported/,
  );
});
