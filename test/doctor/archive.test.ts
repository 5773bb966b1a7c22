/** What a check of the archive finds, and what a repair makes of it: real files, and the real database. */
import { execFileSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readStatistics } from '../../src/archive/read-meta.ts';
import { readClusters } from '../../src/archive/version-and-clusters.ts';
import { writeJob } from '../../src/archive/write-job.ts';
import { NO_CLUSTERS } from '../../src/clusters/clusters.ts';
import type { ArchiveFinding } from '../../src/doctor/archive/archive-finding.ts';
import { checkArchiveJobs } from '../../src/doctor/archive/check.ts';
import { mend, type Repair } from '../../src/doctor/archive/repair.ts';
import { writeFiles } from '../support/archive.ts';
import { testFolder } from '../support/folder.ts';
import { smallCluster } from '../support/small-cluster.ts';
import { job, type TestApp, testApp } from '../support/test-app.ts';

const START = 1_700_000_000;
const JOB = job({
  jobId: 1002,
  startTime: START,
  monitoringStatus: 3,
  numNodes: 2,
  resources: [{ hostname: 'n01' }, { hostname: 'n02' }],
  tags: [{ type: 'note', name: 'mine', scope: 'ada' }],
  metaData: { jobScript: 'run' },
});
const FOLDER = `small/1/002/${START}`;
const unit = { base: 'B', prefix: 'G' };
const node = (hostname: string, statistics: object) => ({ hostname, statistics, data: [1, null, 3] });
const DATA = {
  mem_used: {
    node: {
      unit,
      timestep: 60,
      series: [node('n01', { min: 1, avg: 2.25, max: 3 }), node('n02', { min: 0.5, avg: 2, max: 9 })],
    },
  },
};
const META = { ...JOB, statistics: { mem_used: { unit, min: 0.5, avg: 2.13, max: 9 } } };
const GZIP = gzipSync(`${JSON.stringify(DATA)}\n`);

let service: TestApp;
let root: string;
beforeEach(async () => {
  service = await testApp({
    jobs: [JOB, job({ jobId: 7, monitoringStatus: 0 }), job({ jobId: 8, monitoringStatus: 2 })],
    fill: async ({ archiveRoot }) => {
      await writeFiles(archiveRoot, { 'version.txt': '3', 'small/cluster.json': smallCluster() });
      await writeJob(archiveRoot, { ...JOB, startTime: START }, META, DATA);
    },
  });
  root = service.archiveRoot;
});
afterEach(() => service.close());
const at = (path: string) => join(root, FOLDER, path);

function places(): AsyncIterable<readonly ArchiveFinding[]> {
  return checkArchiveJobs({
    ...{ root, db: service.db, readsData: true, signal: new AbortController().signal },
    progress() {},
  });
}

/** Each as kind, path in the archive, and text. */
async function findings(): Promise<string[][]> {
  return (await Array.fromAsync(places()))
    .flat()
    .map(({ kind, path, text }) => [kind, path.slice(root.length + 1), text]);
}

let quarantine: string;
/** Mends everything. Returns the actions with their paths in the archive. */
async function repair(choices: Partial<Repair> = {}): Promise<string[][]> {
  quarantine = join(testFolder(), 'aside');
  const all: Repair = {
    ...{ root, db: service.db, quarantine },
    clusters: choices.orphans === 'import' ? await readClusters(root) : NO_CLUSTERS,
    ...{ orphans: 'leave', marksMissing: false, isDryRun: false, ...choices },
  };
  const mended = [];
  for await (const found of places()) mended.push(...(await mend(all, found)));
  return mended.map(({ action, path }) => [action, path.slice(root.length + 1)]);
}

/** All files below a folder, with their content. */
function filesIn(folder: string): Record<string, string> {
  if (!existsSync(folder)) return {};
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = files.map(({ parentPath, name }) => join(parentPath, name)).sort();
  return Object.fromEntries(paths.map((path) => [path.slice(folder.length + 1), readFileSync(path, 'base64')]));
}

const status = async (jobId: number) =>
  (await service.query(`SELECT monitoring_status AS m FROM job WHERE job_id = ${jobId}`))[0]?.['m'];

test('nothing is found in a good archive, and nothing is mended', async () => {
  expect([await findings(), await repair()]).toEqual([[], []]);
});

/** What was done to the archive, what the check finds, what a repair does, and what is in the quarantine afterwards. */
interface Case {
  readonly damage: () => void;
  readonly found: readonly (readonly [string, string, RegExp])[];
  readonly choices?: Partial<Repair>;
  readonly mended: readonly (readonly [string, string])[];
  /** What a dry run says instead. */
  readonly planned?: readonly (readonly [string, string])[];
  readonly aside?: readonly string[];
  /** What the next check finds. */
  readonly after?: readonly string[];
}

const OTHER = `small/1/003/${START}`;
const TEMPORARY = '.0a1b2c3d-0000-4000-8000-000000000000.tmp';
const copyOf = (path: string) => cpSync(join(root, FOLDER), join(root, path), { recursive: true });
const orphan = () => {
  copyOf(OTHER);
  writeFileSync(join(root, OTHER, 'meta.json'), JSON.stringify({ ...META, jobId: 1003 }));
};

const CASES: Readonly<Record<string, Case>> = {
  'a folder that is gone': {
    damage: () => rmSync(join(root, FOLDER), { recursive: true }),
    found: [['missing', FOLDER, /does not exist: .* job 1002 of "small", started at \d+ is archived/]],
    mended: [['leave', FOLDER]],
    after: ['missing'],
  },
  'a folder that is gone, to be marked': {
    damage: () => rmSync(join(root, FOLDER), { recursive: true }),
    found: [['missing', FOLDER, /does not exist/]],
    choices: { marksMissing: true },
    mended: [['mark as not archived', FOLDER]],
  },
  'a job that the database does not have': {
    damage: orphan,
    found: [['orphaned', OTHER, /the database does not have job 1003/]],
    mended: [['leave', OTHER]],
    after: ['orphaned'],
  },
  'an orphan to be imported': {
    damage: orphan,
    found: [['orphaned', OTHER, /the database does not have job 1003/]],
    choices: { orphans: 'import' },
    mended: [['import job', OTHER]],
  },
  'an orphan that cannot be imported': {
    damage: () => {
      copyOf(OTHER);
      writeFileSync(join(root, OTHER, 'meta.json'), JSON.stringify({ ...META, jobId: 1003, user: '' }));
    },
    found: [['orphaned', OTHER, /the database does not have job 1003/]],
    choices: { orphans: 'import' },
    planned: [['import job', OTHER]],
    mended: [['leave', OTHER]],
    after: ['orphaned'],
  },
  'an orphan for the quarantine': {
    damage: orphan,
    found: [['orphaned', OTHER, /the database does not have job 1003/]],
    choices: { orphans: 'quarantine' },
    mended: [['quarantine folder', OTHER]],
    aside: [`${OTHER}/data.json`, `${OTHER}/meta.json`],
  },
  'a meta.json of another job': {
    damage: () => copyOf(OTHER),
    found: [['wrong', OTHER, /its meta\.json is that of job 1002/]],
    mended: [['quarantine folder', OTHER]],
    aside: [`${OTHER}/data.json`, `${OTHER}/meta.json`],
  },
  'a folder with a wrong start': {
    damage: () => renameSync(join(root, FOLDER), join(root, 'small/1/002/17')),
    found: [
      ['wrong', 'small/1/002/17', /its meta\.json is that of job 1002/],
      ['missing', FOLDER, /does not exist/],
    ],
    mended: [['move to its place', 'small/1/002/17']],
    planned: [
      ['move to its place', 'small/1/002/17'],
      ['leave', FOLDER], // it is still missing
    ],
  },
  'a meta.json that is no JSON': {
    damage: () => writeFileSync(at('meta.json'), '{"jobId":'),
    found: [['broken', FOLDER, /meta\.json: is not JSON/]],
    mended: [
      ['quarantine file', `${FOLDER}/meta.json`],
      ['write meta.json', FOLDER],
    ],
    aside: [`${FOLDER}/meta.json`],
  },
  'a meta.json of another schema': {
    damage: () => writeFileSync(at('meta.json'), JSON.stringify({ ...META, startTime: 'today' })),
    found: [['broken', FOLDER, /meta\.json: startTime: /]],
    mended: [
      ['quarantine file', `${FOLDER}/meta.json`],
      ['write meta.json', FOLDER],
    ],
    aside: [`${FOLDER}/meta.json`],
  },
  'no meta.json': {
    damage: () => rmSync(at('meta.json')),
    found: [['broken', FOLDER, /meta\.json: ENOENT/]],
    mended: [['write meta.json', FOLDER]],
  },
  'metric data that is cut': {
    damage: () => {
      rmSync(at('data.json'));
      writeFileSync(at('data.json.gz'), GZIP.subarray(0, -9));
    },
    found: [['broken', FOLDER, /metric data: unexpected end of file/]],
    mended: [
      ['quarantine file', `${FOLDER}/data.json.gz`],
      ['mark as not archived', FOLDER],
    ],
    aside: [`${FOLDER}/data.json.gz`],
  },
  'metric data of another schema': {
    damage: () => writeFileSync(at('data.json'), '{"mem_used":{"node":{"timestep":"1 min"}}}'),
    found: [['broken', FOLDER, /metric data: timestep: /]],
    mended: [
      ['quarantine file', `${FOLDER}/data.json`],
      ['mark as not archived', FOLDER],
    ],
    aside: [`${FOLDER}/data.json`],
  },
  'no metric data': {
    damage: () => rmSync(at('data.json')),
    found: [['broken', FOLDER, /metric data: there is neither/]],
    mended: [['leave', FOLDER]],
    after: ['broken'],
  },
  'two files of which one is broken': {
    damage: () => writeFileSync(at('data.json.gz'), gzipSync('{"mem_used":1}')),
    found: [['broken', FOLDER, /metric data: data\.json and data\.json\.gz have other content/]],
    mended: [['quarantine file', `${FOLDER}/data.json.gz`]],
    aside: [`${FOLDER}/data.json.gz`],
  },
  'two good files that differ': {
    damage: () => writeFileSync(at('data.json.gz'), gzipSync('{}')),
    found: [['broken', FOLDER, /metric data: data\.json and data\.json\.gz have other content/]],
    mended: [['leave', FOLDER]],
    after: ['broken'],
  },
  'a FIFO next to the metric data': {
    damage: () => void execFileSync('mkfifo', [at('data.json.gz')]),
    found: [['broken', FOLDER, /metric data: \S+data\.json\.gz is not a regular file/]],
    mended: [['quarantine file', `${FOLDER}/data.json.gz`]],
  },
  'nothing that can be read': {
    damage: () => {
      writeFileSync(at('meta.json'), '');
      writeFileSync(at('data.json'), '');
    },
    found: [
      ['broken', FOLDER, /meta\.json: is not JSON/],
      ['broken', FOLDER, /metric data: Unexpected end of JSON input/],
    ],
    mended: [
      ['quarantine folder', FOLDER],
      ['mark as not archived', FOLDER],
    ],
    aside: [`${FOLDER}/data.json`, `${FOLDER}/meta.json`],
  },
  'a compression that was interrupted': {
    damage: () => writeFileSync(at('data.json.gz'), GZIP),
    found: [['unfinished', FOLDER, /its compression was interrupted/]],
    mended: [['finish compression', FOLDER]],
  },
  'a file of an interrupted write': {
    damage: () => {
      writeFileSync(at(TEMPORARY), 'half');
      utimesSync(at(TEMPORARY), 1, 1);
    },
    found: [['unfinished', `${FOLDER}/${TEMPORARY}`, /is left by an interrupted write/]],
    mended: [['quarantine file', `${FOLDER}/${TEMPORARY}`]],
    aside: [`${FOLDER}/${TEMPORARY}`],
  },
  'what is not part of an archive': {
    damage: () => {
      mkdirSync(join(root, 'small/logs'));
      writeFileSync(at('notes.txt'), '');
      mkdirSync(join(root, 'small/01/002/1'), { recursive: true });
    },
    found: [
      ['odd', 'small/01/002/1', /is not where the layout of the archive has/],
      ['odd', 'small/logs', /is not part of an archive/],
      ['odd', `${FOLDER}/notes.txt`, /is not a file of a job/],
    ],
    mended: [
      ['leave', 'small/01/002/1'],
      ['leave', 'small/logs'],
      ['leave', FOLDER],
    ],
    after: ['odd', 'odd', 'odd'],
  },
  'a broken cluster.json': {
    damage: () => writeFileSync(join(root, 'small/cluster.json'), '{'),
    found: [['broken', 'small/cluster.json', /JSON/]],
    mended: [['leave', 'small/cluster.json']],
    after: ['broken'],
  },
};

describe.each(Object.entries(CASES))('%s', (_, { damage, found, choices, mended, planned, aside = [], after = [] }) => {
  test('is found, and mended as far as possible', async () => {
    damage();
    const before = filesIn(root);
    expect(await findings()).toEqual(found.map(([kind, path, text]) => [kind, path, expect.stringMatching(text)]));
    expect(await repair({ ...choices, isDryRun: true })).toEqual(planned ?? mended);
    expect([filesIn(root), await status(1002)]).toEqual([before, 3]);
    expect(await repair(choices)).toEqual(mended);
    expect(Object.keys(filesIn(quarantine))).toEqual(aside);
    // The content of every file is still somewhere, but for a data.json that is now in its data.json.gz.
    const now = new Set(Object.values({ ...filesIn(root), ...filesIn(quarantine) }));
    const isCompressed = found.some(([kind, path]) => kind === 'unfinished' && path === FOLDER);
    const lost = Object.keys(before).filter((path) => !now.has(before[path] ?? ''));
    expect(lost).toEqual(isCompressed ? [`${FOLDER}/data.json`] : []);
    expect((await findings()).map(([kind]) => kind)).toEqual(after);
  });
});

test('a meta.json that is written again has what the database knows, and the statistics of the metric data', async () => {
  rmSync(at('meta.json'));
  await repair();
  // 2.25 + 2 over two nodes is 2.125, rounded to 2.13; 0.5 and 9 are the extremes.
  expect(JSON.parse((await readStatistics(join(root, FOLDER))) ?? '')).toEqual(META.statistics);
  expect(JSON.parse(readFileSync(at('meta.json'), 'utf8'))).toMatchObject({
    ...{ jobId: 1002, cluster: 'small', startTime: START, duration: 3600, user: 'ada', monitoringStatus: 3 },
    ...{ tags: [{ id: 0, type: 'note', name: 'mine', scope: 'ada' }], metaData: { jobScript: 'run' } },
    resources: JOB.resources,
  });
});

test('a job that was marked has lost nothing else', async () => {
  rmSync(join(root, FOLDER), { recursive: true });
  await repair({ marksMissing: true });
  expect([await status(1002), await status(7), await status(8)]).toEqual([2, 0, 2]);
});

test('an imported orphan is a job of the database', async () => {
  orphan();
  await repair({ orphans: 'import' });
  expect(await service.query('SELECT hpc_user AS user, monitoring_status AS m FROM job WHERE job_id = 1003')).toEqual([
    { user: 'ada', m: 3 },
  ]);
});

test('a repair does not follow links, and marks nothing while a cluster is not mounted', async () => {
  writeFileSync(at('meta.json'), '{');
  const elsewhere = join(testFolder(), 'small');
  renameSync(join(root, 'small'), elsewhere);
  symlinkSync(elsewhere, join(root, 'small'));
  const before = filesIn(elsewhere);
  expect(await repair({ marksMissing: true })).toEqual([['leave', FOLDER]]);
  expect(filesIn(elsewhere)).toEqual(before);
  rmSync(join(root, 'small'));
  mkdirSync(join(root, 'small'));
  expect((await findings()).map(([kind]) => kind)).toEqual(['broken', 'missing']); // the cluster.json, and the job
  expect((await repair({ marksMissing: true })).map(([action]) => action)).toEqual(['leave', 'leave']);
  expect(await status(1002)).toBe(3);
});

test('a check ends when its signal fires, and needs an archive', async () => {
  const check = { root, db: service.db, readsData: true, signal: AbortSignal.abort(), progress() {} };
  expect(await Array.fromAsync(checkArchiveJobs(check))).toEqual([]);
  rmSync(join(root, 'version.txt'));
  await expect(findings()).rejects.toThrow('its file system is not mounted');
});
