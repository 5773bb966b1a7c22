import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { jobFolder } from '../../src/archive/layout.ts';
import { checkArchive, readClusters } from '../../src/archive/version-and-clusters.ts';
import { writeFiles } from '../support/archive.ts';
import { testFolder } from '../support/folder.ts';
import { smallCluster } from '../support/small-cluster.ts';

describe('opening an archive', () => {
  test('writes version.txt into an empty folder, dot files aside', async () => {
    const root = testFolder();
    await writeFiles(root, { '.keep': '' });
    await checkArchive(root);
    expect(await readFile(join(root, 'version.txt'), 'utf8')).toBe('3\n');
    await checkArchive(root);
  });

  test('accepts a version without a line feed and refuses any other', async () => {
    const root = testFolder();
    await writeFiles(root, { 'version.txt': '3' });
    await checkArchive(root);
    await writeFiles(root, { 'version.txt': '2\n' });
    await expect(checkArchive(root)).rejects.toThrow(/version.txt has version '2'/);
  });

  test('refuses a folder that is missing or holds something else', async () => {
    const root = testFolder();
    await expect(checkArchive(join(root, 'none'))).rejects.toThrow(/ARCHIVE_PATH/);
    await writeFiles(root, { 'photo.jpg': '' });
    await expect(checkArchive(root)).rejects.toThrow(/no version.txt/);
    await checkArchive(join(root, 'none'), { create: true });
  });
});

describe('the clusters of an archive', () => {
  test('come in alphabetical order', async () => {
    const root = testFolder();
    for (const name of ['b', 'a', 'c']) {
      await writeFiles(root, { [`${name}/cluster.json`]: { ...smallCluster(), name } });
    }
    await writeFiles(root, { 'version.txt': '3' });
    expect((await readClusters(root)).list.map(({ name }) => name)).toEqual(['a', 'b', 'c']);
  });

  test('that are missing or wrong are all named with their file', async () => {
    const root = testFolder();
    await writeFiles(root, {
      'a/other.txt': '',
      'b/cluster.json': '{',
      'c/cluster.json': { ...smallCluster(), metricConfig: [{ name: 'x', timestep: 0 }] },
    });
    const problems = await readClusters(root).catch((error) => error.problems);
    expect(problems).toHaveLength(3);
    expect(problems[0]).toContain(join(root, 'a', 'cluster.json'));
    expect(problems[2]).toMatch(/c.cluster.json: metricConfig.0.timestep must be at least 1 second/);
  });
});

describe('the folder of a job', () => {
  test('is cluster, thousands, three digits, start', () => {
    const folder = (jobId: number | bigint) => jobFolder('/r', { cluster: 'c1', jobId, startTime: 1700000000 });
    expect(folder(1234007)).toBe('/r/c1/1234/007/1700000000');
    expect(folder(42)).toBe('/r/c1/0/042/1700000000');
    expect(folder(9223372036854775807n)).toBe('/r/c1/9223372036854775/807/1700000000');
  });

  test.each(['..', '.', '', 'a/b', 'a\\b', 'a\0b', '../../etc'])('does not exist for the cluster %j', (cluster) => {
    expect(jobFolder('/r', { cluster, jobId: 1, startTime: 1 })).toBeUndefined();
  });

  test('does not exist for numbers that are no ids', () => {
    expect(jobFolder('/r', { cluster: 'c', jobId: -1, startTime: 1 })).toBeUndefined();
    expect(jobFolder('/r', { cluster: 'c', jobId: 1.5, startTime: 1 })).toBeUndefined();
    expect(jobFolder('/r', { cluster: 'c', jobId: 1, startTime: Number.NaN })).toBeUndefined();
  });
});
