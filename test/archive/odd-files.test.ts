/** Odd objects in an archive where files are expected. None of them may hang or end a process. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openArchive as archiveProcesses } from '../../src/archive/archive-processes.ts';
import type { ArchiveRequest } from '../../src/archive/archive-requests.ts';
import { readRegularText } from '../../src/archive/file-access.ts';
import { checkArchive, readClusters } from '../../src/archive/version-and-clusters.ts';
import { archiveSource } from '../../src/import/archive/archive-source.ts';
import { ReplacementPermit } from '../../src/processes/replacement-permit.ts';
import { writeFiles } from '../support/archive.ts';
import { testFolder } from '../support/folder.ts';
import { within } from '../support/pool.ts';
import { smallCluster } from '../support/small-cluster.ts';

/** Each creates an object at a path. */
const ODD: Readonly<Record<string, (path: string) => void>> = {
  'a FIFO': (path) => void execFileSync('mkfifo', [path]),
  'a folder': (path) => mkdirSync(path),
  'a link to itself': (path) => symlinkSync(path, path),
  'a link to a FIFO': (path) => {
    execFileSync('mkfifo', [`${path}.fifo`]);
    symlinkSync(`${path}.fifo`, path);
  },
  'a device without an end': (path) => symlinkSync('/dev/zero', path),
  // Opening a file of /sys without read permission fails for root too.
  'a file that may not be read': (path) => symlinkSync('/sys/bus/cpu/uevent', path),
  'a file without a size or an end': (path) => symlinkSync('/proc/self/pagemap', path),
  'a link to nowhere': (path) => symlinkSync('/nowhere/at/all', path),
  'a huge file': (path) => {
    writeFileSync(path, '');
    truncateSync(path, 2 ** 40); // sparse
  },
};

const job = { cluster: 'small', jobId: 1002, startTime: 1_700_000_000 };
const FOLDER = 'small/1/002/1700000000';

async function archiveWith(file: string, put: (path: string) => void): Promise<string> {
  const root = testFolder();
  await writeFiles(root, { 'version.txt': '3', 'small/cluster.json': { ...smallCluster(), name: 'small' } });
  mkdirSync(dirname(join(root, file)), { recursive: true });
  put(join(root, file));
  return root;
}

describe.each(Object.entries(ODD))('%s', (_, put) => {
  test.each(['meta.json', 'data.json', 'data.json.gz'])('in place of %s is read as nothing', async (name) => {
    const warnings: string[] = [];
    const root = await archiveWith(`${FOLDER}/${name}`, put);
    const archive = archiveProcesses({
      root,
      memoryMb: 256,
      queueLimit: 8,
      callerLimit: 8,
      maxIdleMs: 60_000,
      replacementPermit: new ReplacementPermit(),
      log: { warn: (_fields, message) => warnings.push(message) },
    });
    try {
      const asked: Omit<Extract<ArchiveRequest, { kind: 'jobData' }>, 'kind'> = {
        job,
        metrics: null,
        scopes: null,
        resolution: null,
        shape: 'map',
      };
      expect(await archive.jobData(asked, within(100_000))).toBe(null);
      expect(await archive.scopedMetrics({ job, metrics: null, samples: null }, within(100_000))).toBe(null);
      const grid = { rows: 1, cols: 1, minX: 1, maxX: 2, minY: 1, maxY: 2 };
      expect(await archive.roofline({ job, grid }, within(100_000))).toBe(null);
      expect(await archive.statistics([job], within(100_000))).toEqual([null]);
      await archive.follow([{ job, tags: [], metaData: null }], within(100_000));
      expect(archive.status().counters).toMatchObject({ crashes: 0, kills: 0, timeouts: 0 });
    } finally {
      await archive.close(1_000);
    }
    // The results are those of missing files, so each of the five calls logs a warning.
    expect(warnings).toEqual(Array(5).fill('files of the archive could not be read'));
  });

  test('in place of version.txt or a cluster.json refuses the start, and names the file', async () => {
    const clusters = await archiveWith('odd/cluster.json', put);
    await expect(readClusters(clusters)).rejects.toThrow('odd/cluster.json');
    const root = testFolder();
    put(join(root, 'version.txt'));
    // A dangling link counts as a missing file in a folder that is not empty.
    await expect(checkArchive(root)).rejects.toThrow('version.txt');
  });
});

test('a file is read up to its limit, and one byte more is refused unread', async () => {
  const path = join(testFolder(), 'file');
  writeFileSync(path, 'x'.repeat(100));
  expect(await readRegularText(path, 100)).toHaveLength(100);
  await expect(readRegularText(path, 99)).rejects.toThrow('has 100 bytes: the limit is 99');
});

test('an import passes over what is not a file or folder, and counts it as bad', async () => {
  const meta = {
    ...{
      jobId: 1002,
      cluster: 'small',
      subCluster: 'main',
      project: 'p',
      user: 'u',
      numNodes: 1,
      jobState: 'completed',
    },
    ...{ shared: 'none', startTime: 1_700_000_000, duration: 60, resources: [{ hostname: 'n01' }], statistics: {} },
  };
  const root = await archiveWith(`${FOLDER}/meta.json`, (path) => writeFileSync(path, JSON.stringify(meta)));
  const at = (name: string) => join(root, 'small', name);
  mkdirSync(at('2/002/1700000000'), { recursive: true });
  ODD['a FIFO']?.(at('2/002/1700000000/meta.json'));
  ODD['a link to itself']?.(at('3'));
  ODD['a link to itself']?.(at('1/003'));
  ODD['a FIFO']?.(at('4')); // a file is skipped where only folders count
  const { batches } = await archiveSource(root, root);
  const [batch] = await Array.fromAsync(batches());
  expect(batch?.jobs.map(({ jobId }) => jobId)).toEqual([1002]);
  expect(batch?.reasons).toMatchObject([
    { reason: expect.stringContaining('ELOOP') },
    { reason: expect.stringContaining('is not a regular file') },
    { reason: expect.stringContaining('ELOOP') },
  ]);
});
