/**
 * Types every block of shell commands of the documents into a terminal, in the order of its page. If a document shows
 * output, the command must print it. A block after a comment `<!-- needs: X -->` is skipped on a machine without X. On
 * a throwaway machine (`.ci/throwaway`), only the pages that need root run.
 */
import { cpSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Block, blocksOf, DOCUMENTS, ROOT, readDocument } from './support/documents.ts';
import { openSqlite } from './support/sqlite.ts';
import { hasProgram, IS_THROWAWAY, Terminal, type Typed } from './support/terminal.ts';

/** The requirements of blocks, and whether this machine meets them. */
const NEEDS: Readonly<Record<string, boolean>> = {
  root: IS_THROWAWAY,
  bundle: false, // test/packaging/ makes one and runs the blocks that need it
  systemd: existsSync('/run/systemd/system'),
  ...Object.fromEntries(
    ['curl', 'nginx', 'sacct', 'sqld', 'sqlite3', 'systemd-analyze'].map((program) => [program, hasProgram(program)]),
  ),
};
const isMissing = (need: string) => NEEDS[need] !== true;

/** Typed at each `--password` prompt. */
const PASSWORD = 'correct horse\n';

const PAGES = DOCUMENTS.map((page) => ({
  page,
  blocks: blocksOf(readDocument(page)).filter(
    // test/docs-requests.test.ts sends the requests of these two pages, and makes the database for the writing ones.
    ({ language, file, text, heading }) =>
      file !== undefined ||
      (language === 'sh' &&
        !(['docs/api.md', 'docs/graphql.md'].includes(page) && (text.startsWith('curl ') || heading === '## Writing'))),
  ),
})).filter(({ blocks }) => (IS_THROWAWAY ? blocks.some(({ needs }) => needs.includes('root')) : blocks.length > 0));

/** One job of Slurm. */
const SACCT = `JobID|JobIDRaw|User|Account|State|Start|End|Elapsed|NNodes|NCPUS|NodeList|Cluster
7|7|ada|fi115|COMPLETED|2026-01-01T00:00:00|2026-01-01T01:00:00|01:00:00|1|72|f0315|fern
`;

/** A log in the Standard Workload Format with one job. */
const SWF = `; Version: 2.2
; UnixStartTime: 1132444805
1 0 30 3600 4 -1 -1 4 3600 -1 1 7 3 -1 -1 -1 -1 -1
`;

/** A folder of cc-backend: a database with its 54 indexes, an archive and keys. */
let model: Terminal;

beforeAll(async () => {
  model = new Terminal();
  const { code, stderr } = await model.type(`mkdir /srv/cc-backend /srv/cc-backend/var && cd /srv/cc-backend
    DB_URL=file:jobs.db ARCHIVE_PATH=var/job-archive cc-jobs generate --jobs 1000 --seed 1 --archived 5
    cc-jobs keys > .env; sed -i 's/=\\(.*\\)/="\\1"/' .env # quoted, as cc-backend has them`);
  expect({ code, stderr }).toMatchObject({ code: 0 });
  const db = openSqlite(join(model.folder, 'srv/cc-backend/var/job.db'));
  for (const file of ['migrations/0001_schema_11.sql', 'test/fixtures/cc-backend-indexes.sql'])
    await db.exec(readFileSync(join(ROOT, file), 'utf8'));
  await db.exec(`PRAGMA journal_mode = WAL; ATTACH '${join(model.folder, 'srv/cc-backend/jobs.db')}' AS made;
    INSERT INTO job SELECT * FROM made.job; INSERT INTO tag SELECT * FROM made.tag; INSERT INTO jobtag SELECT * FROM made.jobtag`);
  db.close();
});
afterAll(() => model.close());

/** The tables, indexes and triggers of a database of cc-backend. */
function schemaOf({ folder }: Terminal): unknown[] {
  const db = openSqlite(join(folder, 'srv/cc-backend/var/job.db'));
  const schema = db
    .prepare("SELECT type, name, sql FROM sqlite_schema WHERE name <> 'sqlite_stat1' ORDER BY name")
    .all();
  db.close();
  return schema;
}

function ccBackend({ folder }: Terminal): void {
  if (!IS_THROWAWAY) cpSync(join(model.folder, 'srv/cc-backend'), join(folder, 'srv/cc-backend'), { recursive: true });
}

const keys = (terminal: Terminal) => terminal.type('cc-jobs keys > .env');

/** The files that a page requires. */
const BEFORE: Readonly<Record<string, (terminal: Terminal) => Promise<unknown>>> = {
  'README.md': async (terminal) => {
    ccBackend(terminal);
    writeFileSync(join(terminal.folder, 'work/jobs.psv'), SACCT);
    // The demo serves an existing database. test/cli/demo.test.ts lets it create its 100,000 jobs.
    await terminal.type(
      'mkdir var; DB_URL=file:var/demo/job.db ARCHIVE_PATH=var/demo/job-archive cc-jobs generate --jobs 1000',
    );
  },
  'docs/api.md': keys,
  'docs/exports.md': (terminal) => terminal.type('cc-jobs migrate'),
  'docs/from-cc-backend.md': async (terminal) => {
    ccBackend(terminal);
    const { code, stderr } = await terminal.type(
      IS_THROWAWAY
        ? `useradd cc-backend; useradd cc-jobs; chown -R cc-backend: /srv/cc-backend; chmod 700 /srv/cc-backend/var
          install -d -o cc-jobs -m 750 /etc/cc-jobs; cc-jobs keys | sudo -u cc-jobs tee /etc/cc-jobs/.env
          mkdir /opt/cc-jobs; cd '${ROOT}'; cp -r bin src routes migrations package.json /opt/cc-jobs; cd -
          mkdir /opt/cc-jobs/node_modules; chmod -R a+rX /opt/cc-jobs
          mount --bind "$(readlink -f '${ROOT}/node_modules')" /opt/cc-jobs/node_modules`
        : 'mkdir /srv/cc-jobs; cc-jobs keys > /etc/cc-jobs/.env',
    );
    expect({ code, stderr }).toMatchObject({ code: 0 });
  },
  'docs/install.md': async (terminal) => {
    // The link to an unpacked bundle: a checkout has the same command.
    await terminal.type(`ln -sfn /opt/cc-jobs ${IS_THROWAWAY ? '~administrator' : '~'}/cc-jobs`);
    if (!IS_THROWAWAY) return;
    const repository = `userdel cc-jobs || true # of another page
      umount /opt/cc-jobs/node_modules && rm -r /opt/cc-jobs; rm -rf /etc/cc-jobs
      git init -q /srv/repository; cd /srv/repository
      git --work-tree='${ROOT}' add -A && git rm -rq --cached --ignore-unmatch node_modules
      git -c user.name=test -c user.email=test@localhost commit -qm 'as it is here'`;
    const certificate = `openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=jobs.example.org \\
      -keyout /etc/ssl/private/jobs.example.org.key -out /etc/ssl/jobs.example.org.pem`;
    const { code, stderr } = await terminal.type(NEEDS['nginx'] ? `${repository}\n${certificate}` : repository);
    expect({ code, stderr }).toMatchObject({ code: 0 });
  },
  'docs/operations.md': async (terminal) => {
    ccBackend(terminal);
    writeFileSync(join(terminal.folder, 'work/jobs.psv'), SACCT);
    writeFileSync(join(terminal.folder, 'work/LCG-2005-1.swf.gz'), gzipSync(SWF));
    await terminal.type('cc-jobs migrate');
  },
  'docs/scaling.md': async (terminal) => {
    await keys(terminal);
    await terminal.type('DB_URL=file:/srv/cc-jobs/job.db cc-jobs migrate');
  },
};

/** The keys of objects and the types of values, without the figures. */
function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shapeOf);
  if (typeof value !== 'object' || value === null) return typeof value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, shapeOf(member)]));
}

/** The output that a document shows for a block: in a block after it, or in a comment at the end of a line. */
function expectShown({ text, output }: Block, { code, stdout, stderr }: Typed): void {
  const isRefused = output?.startsWith('cc-jobs: ') === true;
  expect({ code, stdout, stderr }, stdout + stderr).toMatchObject({ code: isRefused ? 2 : 0 });
  if (output?.startsWith('{')) expect(shapeOf(JSON.parse(stdout))).toEqual(shapeOf(JSON.parse(output)));
  else if (output !== undefined) expect(`${stdout}${stderr}`.trimEnd()).toBe(output);
  for (const [, shown] of text.matchAll(/# (\{.*\})$/gm)) expect(stdout).toContain(shown);
}

test('blocks need nothing that is unknown', () => {
  const needs = DOCUMENTS.flatMap((page) => blocksOf(readDocument(page)).flatMap((block) => block.needs));
  expect(needs.filter((need) => NEEDS[need] === undefined)).toEqual([]);
  const counts = Object.entries(NEEDS).map(([name, isHere]) => {
    const count = needs.filter((need) => need === name).length;
    return `${count} ${name}${isHere ? '' : ' (left out here)'}`;
  });
  console.log(`blocks that need more than npm ci: ${counts.join(', ')}`);
});

describe.each(PAGES)('$page', ({ page, blocks }) => {
  let terminal: Terminal;
  let heading = '';
  beforeAll(async () => {
    terminal = new Terminal();
    await BEFORE[page]?.(terminal);
    await terminal.leaveRoot();
  });
  afterAll(() => terminal.close());

  for (const block of blocks) {
    const missing = block.needs.filter(isMissing);
    const why = missing.length === 0 ? '' : ` (needs ${missing.join(', ')})`;
    test.skipIf(missing.length > 0)(`line ${block.line}: ${block.text.split('\n')[0]}${why}`, async () => {
      // The services of a section are stopped at its end.
      if (heading !== block.heading) expect((await terminal.stopServices()).filter((code) => code !== 0)).toEqual([]);
      heading = block.heading;
      if (block.file === undefined) expectShown(block, await terminal.type(block.text, PASSWORD));
      else await terminal.write(block.file, block.text);
    });
  }

  if (page === 'docs/from-cc-backend.md') {
    test.runIf(!IS_THROWAWAY && NEEDS['sqlite3'])('the schema of cc-backend is as it was before', () => {
      expect(schemaOf(terminal)).toEqual(schemaOf(model));
    });

    test.runIf(IS_THROWAWAY && NEEDS['sqlite3'])('both accounts write to the database at the same time', async () => {
      const { code, stdout, stderr } = await new Terminal().type(`cd /srv; mkfifo opened done; chmod 666 opened done
        write() { sudo -u $1 sqlite3 /srv/cc-backend/var/job.db 'BEGIN IMMEDIATE; ROLLBACK' "$2"; }
        write cc-backend '.system echo >/srv/opened; read _ </srv/done' &
        read _ <opened; write cc-jobs ''; echo >done; wait $!
        find /srv/cc-backend/var -perm /o=rwx # what every account can read`);
      expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: '', stderr: '' });
    });
  }
});
