import { once } from 'node:events';
import { closeSync, mkdirSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { Finding } from '../../src/doctor/finding.ts';
import { type Environment, migrated, OPEN, run, serve } from '../support/command-line.ts';
import { testFolder } from '../support/folder.ts';

async function doctor(cwd: string, env: Environment = {}) {
  const { code, stdout, stderr } = await run(cwd, ['doctor', '--json'], { ...OPEN, ...env });
  expect(stderr).toBe('');
  const findings: Finding[] = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  return { code, findings, of: (check: string) => findings.filter((finding) => finding.check === check) };
}

/** Names in .env that are probably mistakes, with a line that may be the end of a secret. */
const ODD_NAMES = `PROT=1
GRAPHQL_UPSTRAEM='http://127.0.0.1:1
SHORT_JOB_S=300'
stop_skew_s=5
OTHER=1
nC4CAQAwBQYDK2VwBCIEIA==
SHORT_JOB_S=300
SHORT_JOB_S=301
TRUST_PROXY="off"
`;
const ODD_TEXTS = [
  'names in .env that cc-jobs does not know: GRAPHQL_UPSTRAEM (did you mean GRAPHQL_UPSTREAM?), OTHER, PROT (did you mean PORT?), stop_skew_s (did you mean STOP_SKEW_S?), 1 that is not written like a setting',
  'names that occur more than once in .env: SHORT_JOB_S; the last counts',
];

test('finds nothing wrong with a new database, before the service runs and meanwhile', async () => {
  const cwd = await migrated();
  writeFileSync(join(cwd, '.env'), ODD_NAMES);
  const { code, findings, of } = await doctor(cwd);
  expect(code).toBe(0);
  expect(of('settings')).toEqual([
    ...ODD_TEXTS.map((text) => ({ check: 'settings', verdict: 'warning', text })),
    { check: 'settings', verdict: 'ok', text: 'are valid' },
  ]);
  expect(findings.filter(({ verdict }) => verdict === 'problem')).toEqual([]);
  expect(of('database')).toEqual([
    { check: 'database', verdict: 'ok', text: expect.stringContaining('job.db (1 MB): 0 jobs, no damage found') },
  ]);
  expect(of('archive')).toEqual([expect.objectContaining({ verdict: 'warning' })]); // no clusters yet
  expect(of('programs')).toEqual([expect.objectContaining({ text: expect.stringContaining('SQLite 3.') })]);

  const { url, service } = await serve(cwd);
  for (const text of ODD_TEXTS) expect(service.stderr()).toContain(JSON.stringify(text));
  const during = await doctor(cwd, { PORT: new URL(url).port });
  expect(during.code).toBe(0);
  expect(during.of('address')).toEqual([
    { check: 'address', verdict: 'ok', text: expect.stringMatching(/^a service answers on .*: ok$/) },
  ]);
});

test('prints a line for each check', async () => {
  const { code, stdout } = await run(await migrated(), ['doctor'], OPEN);
  expect(code).toBe(0);
  expect(stdout).toMatch(/^ok {7}programs {9}Node /);
  expect(stdout).toMatch(/^WARNING {2}archive {10}/m);
});

/** What is wrong, and the check and the words that name it. */
const WRONG: readonly {
  what: string;
  arrange?: (cwd: string) => void;
  env?: Environment;
  check: string;
  text: RegExp;
}[] = [
  { what: 'an invalid setting', env: { PORT: 'many' }, check: 'settings', text: /^PORT must be/ },
  {
    what: 'an archive of another version',
    arrange: (cwd) => writeFileSync(join(cwd, 'var/job-archive/version.txt'), '1\n'),
    check: 'archive',
    text: /version '1'/,
  },
  {
    what: 'a cluster without its cluster.json',
    arrange: (cwd) => mkdirSync(join(cwd, 'var/job-archive/fern')),
    check: 'archive',
    text: /cluster\.json/,
  },
  {
    what: 'a file that is not a database',
    arrange: (cwd) =>
      writeFileSync(join(cwd, 'var/job.db'), 'not a database, but text that is long enough '.repeat(40)),
    check: 'database',
    text: /not an SQLite database/,
  },
  {
    what: 'a damaged database',
    arrange: (cwd) => {
      const file = openSync(join(cwd, 'var/job.db'), 'r+');
      writeSync(file, Buffer.alloc(4096, 0xa5), 0, 4096, 3 * 4096);
      closeSync(file);
    },
    check: 'database',
    text: /damaged/,
  },
  {
    what: 'a folder where no file can be made',
    env: { DB_URL: 'file:/proc/job.db' },
    check: 'database folder',
    text: /^\/proc\//,
  },
  {
    what: 'a server that does not answer',
    env: { DB_URL: 'http://127.0.0.1:1' },
    check: 'database server',
    text: /^the libSQL server cannot be reached/,
  },
];

test.each(WRONG)('names $what', async ({ arrange, env, check, text }) => {
  const cwd = await migrated();
  arrange?.(cwd);
  const { code, of } = await doctor(cwd, env);
  const problems = of(check).filter(({ verdict }) => verdict === 'problem');
  expect({ code, texts: problems.map((finding) => finding.text) }).toEqual({
    code: 1,
    texts: [expect.stringMatching(text)],
  });
});

test('a port that another program uses is a problem', async () => {
  const other = createServer((_request, response) => response.end('{}')).listen(0, '127.0.0.1');
  onTestFinished(() => void other.close());
  await once(other, 'listening');
  const { port } = other.address() as AddressInfo;
  const { code, of } = await doctor(await migrated(), { PORT: String(port) });
  expect({ code, found: of('address') }).toEqual({
    code: 1,
    found: [{ check: 'address', verdict: 'problem', text: expect.stringContaining('is in use') }],
  });
});

test('needs a number of seconds', async () => {
  expect(await run(testFolder(), ['doctor', '--seconds', '0'], OPEN)).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('--seconds must be a whole number'),
  });
});
