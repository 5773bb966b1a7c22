/** Compressing, moving and deleting the files of jobs, also after a crash, over links, and twice at once. */
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { type ArchiveRequest, answerArchiveRequest } from '../../src/archive/archive-requests.ts';
import type { ArchiveJob } from '../../src/archive/layout.ts';
import { archiveUpkeep } from '../../src/archive/upkeep.ts';
import { copyJobFiles } from '../../src/archive/write-job.ts';
import { writeFiles } from '../support/archive.ts';
import { removeFolder, testFolder } from '../support/folder.ts';

const job: ArchiveJob = { cluster: 'small', jobId: 1002, startTime: 1_700_000_000 };
const FOLDER = 'small/1/002/1700000000';
const META = `${JSON.stringify({ jobId: 1002, statistics: {} })}\n`;
const series = (hostname: string) => ({ hostname, data: Array.from({ length: 100 }, (_, at) => at / 4) });
const metric = { unit: { base: '' }, timestep: 60, series: Array.from({ length: 9 }, (_, node) => series(`n${node}`)) };
const DATA = JSON.stringify({ flops_any: { node: metric }, mem_bw: { node: metric } }); // 9 nodes, 18 × 100 samples

let root: string;
beforeEach(async () => {
  root = testFolder();
  await writeFiles(root, {
    'version.txt': '3\n',
    'small/cluster.json': '{}',
    [`${FOLDER}/meta.json`]: META,
    [`${FOLDER}/data.json`]: DATA,
  });
});
const at = (name: string) => join(root, FOLDER, name);
const names = () => readdirSync(join(root, FOLDER)).sort();
const upkeep = () => archiveUpkeep(root);

/** What all readers of metric data make of the job. */
async function readings(): Promise<unknown> {
  const requests: ArchiveRequest[] = [
    { kind: 'jobData', job, metrics: null, scopes: null, resolution: null, shape: 'map' },
    { kind: 'scopedMetrics', job, metrics: null, samples: null },
    { kind: 'roofline', job, grid: { rows: 2, cols: 2, minX: 0.01, minY: 1, maxX: 1000, maxY: 10_000 } },
  ];
  return await Promise.all(requests.map((request) => answerArchiveRequest(root, request)));
}

describe('compressing', () => {
  test('leaves one file with the same content, the same mode, and the same answers', async () => {
    chmodSync(at('data.json'), 0o664);
    const before = await readings();
    expect(JSON.stringify(before)).toContain('statisticsSeries'); // of 9 nodes
    expect(await archiveUpkeep(root, { isDryRun: true }).compress(job)).toEqual({ bytes: DATA.length });
    expect(names()).toEqual(['data.json', 'meta.json']);
    const upkept = await upkeep().compress(job);
    expect(names()).toEqual(['data.json.gz', 'meta.json']);
    expect(upkept).toEqual({ bytes: DATA.length - statSync(at('data.json.gz')).size });
    expect(gunzipSync(readFileSync(at('data.json.gz'))).toString()).toBe(DATA);
    expect(statSync(at('data.json.gz')).mode & 0o777).toBe(0o664);
    expect(await readings()).toEqual(before);
    expect(await upkeep().compress(job)).toEqual({ bytes: 0 });
  });

  test('leaves what cc-backend would write uncompressed, and a job without files', async () => {
    writeFileSync(at('data.json'), ' '.repeat(2000));
    expect(await upkeep().compress(job)).toEqual({ bytes: 0 });
    expect(await upkeep().compress({ ...job, jobId: 7 })).toEqual({ bytes: 0 });
    expect(await upkeep().compress({ ...job, cluster: 'other' })).toEqual({ bytes: 0 });
    expect(await upkeep().compress({ ...job, cluster: '..' })).toEqual({ bytes: 0 });
    expect(names()).toEqual(['data.json', 'meta.json']);
  });

  test.each([
    ['before the new file had its name', () => writeFileSync(at('.0a1b2c3d-0000-4000-8000-000000000000.tmp'), 'half')],
    ['before the old file was removed', () => writeFileSync(at('data.json.gz'), gzipSync(DATA))],
    [
      'while another program wrote the new file',
      () => writeFileSync(at('data.json.gz'), gzipSync(DATA).subarray(0, 99)),
    ],
    ['before another program wrote the new file', () => writeFileSync(at('data.json.gz'), '')],
  ])('continues after a crash %s', async (_, crash) => {
    crash();
    await upkeep().compress(job);
    expect(names().filter((name) => !name.endsWith('.tmp'))).toEqual(['data.json.gz', 'meta.json']);
    expect(gunzipSync(readFileSync(at('data.json.gz'))).toString()).toBe(DATA);
  });

  test.each([
    ['of other content', () => writeFileSync(at('data.json.gz'), gzipSync('{}')), 'other content'],
    ['that unpacks to more', () => writeFileSync(at('data.json.gz'), gzipSync(`${DATA} `)), 'other content'],
    ['that is a folder', () => mkdirSync(at('data.json.gz')), 'not a regular file'],
  ])('leaves both where there is a data.json.gz %s', async (_, put, words) => {
    put();
    expect(await upkeep().compress(job)).toEqual({ problem: expect.stringContaining(words) });
    expect(readFileSync(at('data.json'), 'utf8')).toBe(DATA);
  });

  test('is not seen by readers', async () => {
    const expected = JSON.stringify(await readings());
    for (let round = 0; round < 20; round += 1) {
      const work = upkeep().compress(job);
      let isDone = false;
      void work.then(() => {
        isDone = true;
      });
      while (!isDone) expect(JSON.stringify(await readings())).toBe(expected);
      writeFileSync(at('data.json'), DATA);
      rmSync(at('data.json.gz'));
    }
  });

  test('twice at once does it once', async () => {
    const both = await Promise.all([upkeep().compress(job), upkeep().compress(job)]);
    expect(both.some((upkept) => 'bytes' in upkept && upkept.bytes > 0)).toBe(true);
    expect(names()).toEqual(['data.json.gz', 'meta.json']);
    expect(gunzipSync(readFileSync(at('data.json.gz'))).toString()).toBe(DATA);
  });

  test('of a source archive does not disturb an import that copies its files', async () => {
    writeFileSync(at('data.json.gz'), gzipSync(DATA)); // interrupted: both forms
    const to = join(testFolder(), 'copy');
    expect(await copyJobFiles(join(root, FOLDER), to)).toBe(true);
    expect(readdirSync(to).sort()).toEqual(['data.json.gz', 'meta.json']);
  });
});

/** All files below a folder, with their content. */
function contentOf(folder: string): Record<string, string> {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
  return Object.fromEntries(files.map((path) => [path.slice(folder.length + 1), readFileSync(path, 'base64')]));
}

const OPERATIONS = {
  compress: () => upkeep().compress(job),
  remove: () => upkeep().remove(job),
  move: () => upkeep().move(job, targetFolder()),
};

function targetFolder(folder = testFolder()): string {
  writeFileSync(join(folder, 'version.txt'), '3\n');
  return folder;
}

describe.each(Object.entries(OPERATIONS))('%s', (_, operate) => {
  /** Puts a folder elsewhere, and a link to it in its place. */
  function linked(path: string): string {
    const elsewhere = join(testFolder(), 'elsewhere');
    renameSync(join(root, path), elsewhere);
    symlinkSync(elsewhere, join(root, path));
    return elsewhere;
  }

  test.each(['small', 'small/1', 'small/1/002', FOLDER])('does not follow a link at %s', async (path) => {
    const elsewhere = linked(path);
    const before = contentOf(elsewhere);
    expect(await operate()).toEqual({ problem: `${join(root, path)} is a link` });
    expect(contentOf(elsewhere)).toEqual(before);
    removeFolder(elsewhere); // as if its file system were not mounted: the job is not gone
    expect(await operate()).toEqual({ problem: `${join(root, path)} is a link` });
  });

  test('does not follow a link at data.json', async () => {
    const elsewhere = join(testFolder(), 'data');
    renameSync(at('data.json'), elsewhere);
    symlinkSync(elsewhere, at('data.json'));
    expect(await operate()).toEqual({
      problem: expect.stringMatching(/data\.json is not a (regular file|file of a job)/),
    });
    expect(readFileSync(elsewhere, 'utf8')).toBe(DATA);
    expect(names()).toEqual(['data.json', 'meta.json']);
  });

  test('takes no job for gone whose cluster is not there', async () => {
    renameSync(join(root, 'small'), join(testFolder(), 'mounted'));
    mkdirSync(join(root, 'small'));
    expect(await operate()).toEqual({ problem: expect.stringContaining('is its file system mounted?') });
  });
});

describe.each(['remove', 'move'] as const)('%s', (name) => {
  test('leaves a folder that has other files', async () => {
    writeFileSync(at('notes.txt'), 'mine');
    const before = contentOf(root);
    expect(await OPERATIONS[name]()).toEqual({ problem: `${at('notes.txt')} is not a file of a job` });
    expect(contentOf(root)).toEqual(before);
  });

  test('leaves nothing of the job, and everything else', async () => {
    await writeFiles(root, { 'small/1/002/1700000001/meta.json': META, 'small/2/002/1700000001/meta.json': META });
    writeFileSync(at('.0a1b2c3d-0000-4000-8000-000000000000.tmp'), 'half');
    expect(await OPERATIONS[name]()).toEqual({ bytes: DATA.length + META.length + 4 });
    expect(existsSync(join(root, FOLDER))).toBe(false);
    expect(Object.keys(contentOf(root)).sort()).toEqual([
      'small/1/002/1700000001/meta.json',
      'small/2/002/1700000001/meta.json',
      'small/cluster.json',
      'version.txt',
    ]);
    expect(await OPERATIONS[name]()).toEqual({ bytes: 0 });
    await upkeep().remove({ ...job, startTime: 1_700_000_001 });
    expect(readdirSync(join(root, 'small')).sort()).toEqual(['2', 'cluster.json']); // the empty folders are gone
  });

  test('goes on after a crash between its files', async () => {
    rmSync(at('meta.json')); // it goes first
    expect(await OPERATIONS[name]()).toEqual({ bytes: DATA.length });
    expect(existsSync(join(root, 'small/1'))).toBe(false);
  });
});

/** A folder on another file system than the archive. Undefined if the machine has none that tests may use. */
function otherFileSystem(): string | undefined {
  const shared = '/dev/shm';
  if (!existsSync(shared) || statSync(shared).dev === statSync(dirname(testFolder())).dev) return undefined;
  const folder = mkdtempSync(join(shared, 'cc-jobs-test-'));
  onTestFinished(() => removeFolder(folder));
  return folder;
}

describe.each(['the same file system', 'another file system'])('moving to %s', (where) => {
  let target: string;
  beforeEach(({ skip }) => {
    const folder = where === 'the same file system' ? testFolder() : otherFileSystem();
    if (folder === undefined) return skip('no other file system');
    target = targetFolder(folder);
  });
  const FILES = { [`${FOLDER}/meta.json`]: META, [`${FOLDER}/data.json`]: DATA };
  const MOVED = { 'small/cluster.json': '{}', 'version.txt': '3\n', ...FILES };
  const texts = (folder: string) =>
    Object.fromEntries(Object.entries(contentOf(folder)).map(([path, text]) => [path, atob(text)]));

  test('makes an archive of the same layout', async () => {
    expect(await upkeep().move(job, target)).toEqual({ bytes: DATA.length + META.length });
    expect(texts(target)).toEqual(MOVED);
    expect(Object.keys(texts(root)).sort()).toEqual(['small/cluster.json', 'version.txt']);
    expect(await archiveUpkeep(target).compress(job)).toMatchObject({ bytes: expect.any(Number) });
  });

  test('continues after a crash, and removes nothing before all is there', async () => {
    // Killed after the first file had its name, and a second one had none.
    await writeFiles(target, { [`${FOLDER}/data.json`]: DATA, [`${FOLDER}/.tmp`]: 'x' });
    expect(await upkeep().move(job, target)).toEqual({ bytes: DATA.length + META.length });
    expect(texts(target)).toEqual({ ...MOVED, [`${FOLDER}/.tmp`]: 'x' });
    // Killed while the old files were removed.
    await writeFiles(root, { [`${FOLDER}/data.json`]: DATA });
    expect(await upkeep().move(job, target)).toEqual({ bytes: DATA.length });
    expect(Object.keys(texts(root)).sort()).toEqual(['small/cluster.json', 'version.txt']);
  });

  test('leaves both where the target has other content', async () => {
    await writeFiles(target, { [`${FOLDER}/meta.json`]: '{"jobId":1}' });
    expect(await upkeep().move(job, target)).toEqual({ problem: expect.stringContaining('exists and differs from') });
    expect(texts(root)).toMatchObject(FILES);
    expect(texts(target)).toMatchObject({ [`${FOLDER}/meta.json`]: '{"jobId":1}' });
  });

  test('twice at once loses nothing', async () => {
    await Promise.all([upkeep().move(job, target), upkeep().move(job, target)]);
    await upkeep().move(job, target);
    expect(texts(target)).toMatchObject(FILES);
    expect(existsSync(join(root, FOLDER))).toBe(false);
  });
});

describe('a target', () => {
  test('must be another archive, whose file system is mounted', async () => {
    const refusal = async (target: string) =>
      await upkeep()
        .checkTarget(target)
        .then(
          () => 'accepted',
          (error: Error) => error.message,
        );
    const other = targetFolder();
    expect(await refusal(other)).toBe('accepted');
    expect(await refusal(testFolder())).toContain('its file system is not mounted');
    expect(await refusal(join(other, 'version.txt'))).toContain('its file system is not mounted');
    expect(await refusal(root)).toContain('must not be the archive');
    const link = join(testFolder(), 'link');
    symlinkSync(root, link);
    expect(await refusal(link)).toContain('must not be the archive');
    mkdirSync(join(root, 'inside'));
    expect(await refusal(targetFolder(join(root, 'inside')))).toContain('must not be the archive');
    expect(await refusal(targetFolder(dirname(root)))).toContain('must not be the archive');
    rmSync(join(dirname(root), 'version.txt'));
    truncateSync(join(other, 'version.txt'));
    expect(await refusal(other)).toContain("version ''");
  });

  test('with a file in the place of a folder keeps the job where it is', async () => {
    const target = targetFolder();
    writeFileSync(join(target, 'small'), '');
    expect(await upkeep().move(job, target)).toEqual({ problem: expect.stringMatching(/ENOTDIR|EEXIST/) });
    expect(names()).toEqual(['data.json', 'meta.json']);
  });
});
