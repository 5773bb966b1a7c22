/**
 * The examples of docs/accounting.md: jobs of sacct, requests about them, and the answers of a service with these jobs.
 */
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Job } from '../src/jobs/job.ts';
import { writeFiles } from './support/archive.ts';
import { answerPattern, blocksOf, readDocument } from './support/documents.ts';
import { testFolder } from './support/folder.ts';
import { sacctFiles } from './support/sacct-file.ts';
import { testApp } from './support/test-app.ts';

/** The time of the answers, as stated on the page. */
const NOW = Date.parse('2026-11-15T12:00:00Z') / 1000;

const BLOCKS = blocksOf(readDocument('docs/accounting.md'));
const SECTIONS = [...new Set(BLOCKS.map(({ heading }) => heading))];

async function jobsOf(records: string): Promise<Job[]> {
  const folder = testFolder();
  await writeFiles(folder, { 'jobs.psv': `${records}\n` });
  const jobs: Job[] = [];
  for await (const batch of (await sacctFiles([join(folder, 'jobs.psv')])).batches()) {
    expect(batch.reasons).toEqual([]);
    jobs.push(...batch.jobs);
  }
  return jobs;
}

test('every section about what counts has an example', () => {
  expect(SECTIONS.length).toBeGreaterThanOrEqual(7);
  const headings = readDocument('docs/accounting.md').match(/^## .*$/gm);
  expect(SECTIONS).toEqual(headings);
});

describe.each(SECTIONS)('%s', (section) => {
  const [records, ...examples] = BLOCKS.filter(({ heading }) => heading === section);

  test('is answered as the page says', async () => {
    const service = await testApp({ jobs: await jobsOf(records?.text ?? ''), service: () => ({ clock: () => NOW }) });
    onTestFinished(() => service.close());
    expect(examples.map(({ language }) => language)).toEqual(examples.map((_, at) => (at % 2 === 0 ? 'http' : 'json')));
    for (const [at, { language, text }] of examples.entries()) {
      if (language !== 'http') continue;
      const answer = await service.get(text.replace(/^GET /, ''));
      expect((await answer.text()).trimEnd(), text).toMatch(answerPattern(examples[at + 1]?.text ?? ''));
    }
  });
});
