/** The files of real jobs answer as cc-backend 1.5.4 did. Runs where its answers and files are. */
import { cpSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { type ArchiveRequest, answerArchiveRequest } from '../../src/archive/requests.ts';
import { makeFolder, removeFolder } from '../support/folder.ts';

const SHARED = join(import.meta.dirname, '../../../shared');
const GOLDEN = join(SHARED, 'contract/golden/graphql.json');
const FILES = join(SHARED, 'data/cc/archive');
const JOB_545 = { cluster: 'emmy', jobId: 1403244, startTime: 1608923076 };
const JOB_546 = { cluster: 'emmy', jobId: 1404397, startTime: 1609300556 };

interface Golden {
  name: string;
  body: { data: Record<string, unknown> };
}

const golden = existsSync(GOLDEN) && existsSync(FILES) ? describe : () => {};
golden('as cc-backend', () => {
  let root: string;
  let answers: Golden[];
  beforeAll(() => {
    root = makeFolder();
    cpSync(FILES, root, { recursive: true });
    answers = JSON.parse(readFileSync(GOLDEN, 'utf8'));
    return () => removeFolder(root);
  });

  const expected = (name: string, field: string) => answers.find((each) => each.name === name)?.body.data[field];
  const asked = async (request: ArchiveRequest) => {
    const { texts, problems } = await answerArchiveRequest(root, request);
    expect(problems).toEqual([]);
    return texts.map((text) => JSON.parse(text ?? 'null'));
  };

  test('a metric is down-sampled to the resolution of its configuration, with statistics over the series', async () => {
    const samples = { scopes: ['node'], resolution: 240 } as const;
    const [entry] = await asked({ kind: 'scopedMetrics', job: JOB_545, metrics: ['flops_any'], samples });
    const { mean, ...over } = entry.metric.statisticsSeries;
    const lists = Object.entries(over).map(([key, text]) => [key, JSON.parse(String(text))]);
    entry.metric.statisticsSeries = Object.fromEntries(lists);
    for (const series of entry.metric.series) series.data = JSON.parse(series.data);
    expect(mean).toBe('[]');
    expect([entry]).toEqual(expected('jobMetrics 545 flops_any', 'jobMetrics'));
  });

  test('all series have their statistics', async () => {
    const entries = await asked({ kind: 'scopedMetrics', job: JOB_545, metrics: null, samples: null });
    const byName = (list: unknown) => Object.groupBy(list as { name: string }[], ({ name }) => name);
    expect(byName(entries)).toEqual(byName(expected('scopedJobStats 545', 'scopedJobStats')));
  });

  test('a roofline counts every sample', async () => {
    const grid = { rows: 10, cols: 10, minX: 0.01, minY: 1, maxX: 1000, maxY: 10_000 };
    const [one] = await asked({ kind: 'roofline', job: JOB_545, grid });
    const [other] = await asked({ kind: 'roofline', job: JOB_546, grid });
    const sums = one.map((count: number, cell: number) => count + other[cell]);
    const rows = Array.from({ length: 10 }, (_, row) => sums.slice(row * 10, (row + 1) * 10));
    expect(rows).toEqual(expected('rooflineHeatmap', 'rooflineHeatmap'));
  });
});
