/**
 * Records of sacct that went wrong in the field, with their right values, all the way into the database. Each case is here
 * as text. Where the files of ../shared/cases are, they are imported as well and must have the same values.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ASKED_MEMORY } from '../../src/db/sql/stored-asked-memory.ts';
import { importJobs } from '../../src/import/import-jobs.ts';
import { writeFiles } from '../support/archive.ts';
import { testFolder } from '../support/folder.ts';
import { localDatabase } from '../support/local-database.ts';
import { sacctFiles } from '../support/sacct-file.ts';

const SHARED = join(import.meta.dirname, '../../../shared/cases/sacct');

const at = (time: string) => Date.parse(`${time}Z`) / 1000;
const MARCH = at('2026-03-01T09:00:00');
const FULL =
  'JobID|JobIDRaw|Cluster|Partition|Account|User|Submit|Start|End|Elapsed|State|AllocCPUS|AllocTRES|Timelimit|NodeList|JobName';
const SHORT = 'JobID|Cluster|State|Start|Elapsed|Account|User|NodeList|JobName';
const WITH_RAW = 'JobID|JobIDRaw|Cluster|Account|User|Start|Elapsed|State|NodeList|JobName';
const RAW_SECONDS = 'JobID|Cluster|Account|User|Start|ElapsedRaw|TimelimitRaw|State|AllocCPUS|NodeList|JobName';
const TACC = `JobID|User|Account|Start|End|Submit|Partition|Timelimit|JobName|State|NNodes|ReqCPUS|NodeList
1837|ann|prj|2018-08-01T18:18:51|2018-08-02T11:44:51|2018-07-29T08:05:43|normal|1-00:00:00|jobname|COMPLETED|8|104|c101-[081-084,092-093],c102-[001-002]
`;
const DAY_1 = `${FULL}
9001|9001|h1|cpu|prj|ann|2026-11-26T22:00:00|2026-11-26T23:00:00|Unknown|01:00:00|RUNNING|4|cpu=4,node=1|12:00:00|n001|long
`;
const DAY_2 = `${FULL}
9001|9001|h1|cpu|prj|ann|2026-11-26T22:00:00|2026-11-26T23:00:00|2026-11-27T05:00:00|06:00:00|COMPLETED|4|cpu=4,node=1|12:00:00|n001|long
`;
const OK = { user: 'ann', project: 'prj', name: 'ok' };

interface Case {
  /** The files, imported one after the other into the same database. */
  files: Record<string, string>;
  /** What is stored, by job id and start. */
  jobs: object[];
  /** What the last import says. Counts that are not named are 0, but for those read and imported. */
  says?: object;
  /** The beginnings of the reasons of the last import. */
  reasons?: string[];
}

const CASES: Record<string, Case> = {
  'a job that ran at midnight, then its end': {
    files: { 'day1.psv': DAY_1, 'day2.psv': DAY_2 },
    jobs: [{ id: 9001, state: 'completed', duration: 6 * 3600, threads: 4 }], // 24 core hours
    says: { ended: 1 },
  },
  'a job that was resized': {
    files: {
      'resize.psv': `${FULL}
1|1|h1|cpu|prj|ann|2026-03-01T08:00:00|2026-03-01T09:00:00|2026-03-01T10:00:00|01:00:00|RESIZING|8|cpu=8,node=2|12:00:00|n[001-002]|rs
1|1|h1|cpu|prj|ann|2026-03-01T10:00:00|2026-03-01T10:00:00|2026-03-01T12:00:00|02:00:00|COMPLETED|4|cpu=4,node=1|12:00:00|n001|rs
`,
    },
    jobs: [
      { id: 1, state: 'completed', duration: 3600, nodes: 2 },
      { id: 1, state: 'completed', duration: 7200, nodes: 1 },
    ],
  },
  'times with an offset': {
    files: {
      'offset.psv': `${SHORT}
51|h1|COMPLETED|2026-03-01T09:00:00+0100|01:00:00|prj|ann|n001|ok
52|h1|COMPLETED|2026-03-01T09:00:00Z|01:00:00|prj|ann|n001|ok
`,
    },
    jobs: [
      { id: 51, start: 1_772_352_000 },
      { id: 52, start: 1_772_355_600 },
    ],
  },
  'a line feed in a job name that is not the last column': {
    files: {
      'newline.psv': `JobID|JobName|Cluster|Account|User|Start|Elapsed|State|NodeList
51|a
|h1|prj|ann|2026-03-01T09:00:00|01:00:00|COMPLETED|n001
52|ok|h1|prj|ann|2026-03-01T09:00:00|01:00:00|COMPLETED|n001
`,
    },
    jobs: [
      { id: 51, user: 'ann', project: 'prj', name: 'a' },
      { id: 52, ...OK },
    ],
  },
  'a divider in SubmitLine': {
    files: {
      'pipe.psv': `JobID|Cluster|State|Start|Elapsed|SubmitLine|Account|User|NodeList|JobName
51|h1|COMPLETED|2026-03-01T09:00:00|01:00:00|sbatch -D "/w/a|b" x.sh|prj|ann|n001|ok
`,
    },
    jobs: [{ id: 51, ...OK }],
  },
  'a divider in WorkDir, next to JobName': {
    files: {
      'pipe2.psv': `JobID|Cluster|State|Start|Elapsed|Account|User|NodeList|WorkDir|JobName
51|h1|COMPLETED|2026-03-01T09:00:00|01:00:00|prj|ann|n001|/w/a|b|ok
`,
    },
    jobs: [],
    says: { bad: 1 },
    reasons: ["line 2: has a '|' in one of WorkDir, JobName"],
  },
  'a JobIDRaw that is a word': {
    files: {
      'nan.psv': `${WITH_RAW}
50|50|h1|prj|ann|2026-03-01T09:00:00|01:00:00|COMPLETED|n001|before
51|users|h1|prj|ann|2026-03-01T09:00:00|01:00:00|COMPLETED|n001|badraw
52|52|h1|prj|ann|2026-03-01T09:00:00|01:00:00|COMPLETED|n001|after
`,
    },
    jobs: [{ id: 50 }, { id: 52 }],
    says: { bad: 1 },
    reasons: ["line 3: job id 'users' is not valid"],
  },
  'a JobIDRaw that is not an integer from 1 to 2^63 - 1': {
    files: {
      'raw2.psv': `${WITH_RAW}
51|1e3|h1|prj|ann|2026-03-01T09:00:00|01:00:00|COMPLETED|n001|exp
53|0x10|h1|prj|ann|2026-03-01T09:00:00|01:00:00|COMPLETED|n001|hex
54|-5|h1|prj|ann|2026-03-01T09:00:00|01:00:00|COMPLETED|n001|neg
55|99999999999999999999|h1|prj|ann|2026-03-01T09:00:00|01:00:00|COMPLETED|n001|big
`,
    },
    jobs: [],
    says: { bad: 4 },
    reasons: ['line 2: ', 'line 3: ', 'line 4: ', 'line 5: '],
  },
  'processors in ReqCPUS': {
    files: { 'tacc.psv': TACC },
    jobs: [{ id: 1837, threads: 104, nodes: 8, submit: at('2018-07-29T08:05:43') }],
  },
  'processors and GPUs in AllocTRES': {
    files: {
      'tres.psv': `JobIDRaw|Cluster|State|Start|Elapsed|Account|User|NodeList|AllocTRES|JobName
51|h1|COMPLETED|2026-03-01T09:00:00|01:00:00|prj|ann|n[1-2]|billing=128,cpu=128,gres/gpu:a100=8,mem=500G,node=2|ok
`,
    },
    jobs: [{ id: 51, threads: 128, gpus: 8, nodes: 2 }],
  },
  'memory in ReqTRES, else in ReqMem for each CPU, for each node, or for the job': {
    files: {
      'memory.psv': `JobIDRaw|Cluster|State|Start|Elapsed|Account|User|NodeList|AllocCPUS|ReqTRES|ReqMem|JobName
61|h1|COMPLETED|2026-03-01T09:00:00|01:00:00|prj|ann|n[1-2]|4|cpu=4,mem=500G,node=2|1G|ok
62|h1|COMPLETED|2026-03-01T09:00:00|01:00:00|prj|ann|n[1-2]|4|cpu=4|1500Mc|ok
63|h1|COMPLETED|2026-03-01T09:00:00|01:00:00|prj|ann|n[1-2]|4||1.50Gn|ok
64|h1|COMPLETED|2026-03-01T09:00:00|01:00:00|prj|ann|n[1-2]|4||16G|ok
65|h1|COMPLETED|2026-03-01T09:00:00|01:00:00|prj|ann|n[1-2]|4||0n|ok
66|h1|COMPLETED|2026-03-01T09:00:00|01:00:00|prj|ann|n[1-2]|4|||ok
`,
    },
    jobs: [
      { id: 61, memory: 512_000 },
      { id: 62, memory: 6_000 },
      { id: 63, memory: 3_072 },
      { id: 64, memory: 16_384 },
      { id: 65, memory: null },
      { id: 66, memory: null },
    ],
  },
  'an elapsed time of 2^32 - 6 s': {
    files: {
      'u1.psv': `${RAW_SECONDS}
1|h1|prj|ann|2026-03-01T09:00:00|4294967290|60|COMPLETED|4|n001|wrap
`,
    },
    jobs: [],
    says: { bad: 1 },
    reasons: ['line 2: duration must be at most 2147483647, not 4294967290'],
  },
  'a start in the year 5138': {
    files: {
      'u5.psv': `${RAW_SECONDS}
1|h1|prj|ann|99999999999|0|60|CANCELLED|4|n001|11digits
`,
    },
    jobs: [],
    says: { bad: 1 },
    reasons: ['line 2: startTime must be at most '],
  },
  'ten days from 30 September, and from 31 October': {
    // docs/accounting.md has their hours inside October: 216 + 12.
    files: {
      'month.psv': `${FULL}
1|1|h1|cpu|prj|ann|2026-09-25T08:00:00|2026-09-30T00:00:00|2026-10-10T00:00:00|10-00:00:00|COMPLETED|4|cpu=4|12-00:00:00|n001|sep
2|2|h1|cpu|prj|bob|2026-09-25T08:00:00|2026-10-31T12:00:00|2026-11-10T12:00:00|10-00:00:00|COMPLETED|4|cpu=4|12-00:00:00|n001|oct
`,
    },
    jobs: [
      { id: 1, user: 'ann', start: at('2026-09-30T00:00:00'), duration: 864_000 },
      { id: 2, user: 'bob', start: at('2026-10-31T12:00:00'), duration: 864_000 },
    ],
  },
  'a byte order mark and carriage returns': {
    files: {
      'bom.psv': `\uFEFF${SHORT}\r\n51|h1|COMPLETED|2026-03-01T09:00:00|01:00:00|prj|ann|n001|ok\r\n`,
    },
    jobs: [{ id: 51, ...OK, start: MARCH }],
  },
  'two files one behind the other, header and all': {
    files: { 'cat.psv': TACC + TACC },
    jobs: [{ id: 1837, threads: 104 }],
    says: { alreadyThere: 1 },
  },
};

async function importedOneByOne(contents: readonly string[]) {
  const root = testFolder();
  const { db, query } = await localDatabase(join(root, 'job.db'));
  let said = {};
  let reasons: string[] = [];
  for (const content of contents) {
    await writeFiles(root, { 'jobs.psv': content });
    const source = await sacctFiles([join(root, 'jobs.psv')], { cluster: 'st' });
    reasons = [];
    const report = {
      progress: () => {},
      bad: ({ where, reason }: { where: string; reason: string }) => void reasons.push(`${where}: ${reason}`),
    };
    said = await importJobs(db, source, report, new AbortController().signal);
  }
  const jobs =
    await query(`SELECT job_id AS id, job_state AS state, start_time AS start, submit_time AS submit, duration,
      num_nodes AS nodes, num_hwthreads AS threads, num_acc AS gpus, hpc_user AS user, project,
      meta_data ->> '$.jobName' AS name, ${ASKED_MEMORY} AS memory FROM job ORDER BY job_id, start_time`);
  return { jobs, said, reasons };
}

const NOTHING_ELSE = { ended: 0, alreadyThere: 0, running: 0, neverStarted: 0, steps: 0, bad: 0, repaired: 0 };

async function holds({ jobs, says = {}, reasons = [] }: Case, contents: readonly string[]): Promise<void> {
  const imported = await importedOneByOne(contents);
  expect(imported.jobs).toMatchObject(jobs);
  expect(imported.said).toMatchObject({ ...NOTHING_ELSE, ...says });
  expect(imported.reasons).toEqual(reasons.map((reason) => expect.stringMatching(beginning(reason))));
}

function beginning(text: string): RegExp {
  return new RegExp(`^${text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}`);
}

test.each(Object.entries(CASES))('%s', async (_what, one) => {
  await holds(one, Object.values(one.files));
});

describe.skipIf(!existsSync(SHARED))('the same from the files', () => {
  const isThere = (name: string) => existsSync(join(SHARED, name));
  test.each(Object.entries(CASES).filter(([, one]) => Object.keys(one.files).every(isThere)))(
    '%s',
    async (_what, one) => {
      await holds(
        one,
        Object.keys(one.files).map((name) => readFileSync(join(SHARED, name), 'utf8')),
      );
    },
  );
});
