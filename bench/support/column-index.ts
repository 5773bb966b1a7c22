/** A column index of a file, used through the port as the service does. */
import { IndexClient } from '../../src/column-index/index-client.ts';
import { withIndex } from '../../src/column-index/status-with-index.ts';
import { openLocalDatabase } from '../../src/connections/local-database.ts';
import type { Database } from '../../src/db/port.ts';
import { within } from '../../src/deadline.ts';
import { JobQuestions } from '../../src/questions/ask.ts';
import { testConnection } from '../../test/support/connection-settings.ts';
import type { OneQuery } from '../../test/support/questions.ts';

/** DuckDB's memory_limit, and the limit of its process, as `auto` sets them. */
export const INDEX_MB = 350;
export const PROCESS_MB = INDEX_MB + 250;
const LIMIT_MS = 600_000;
const CONNECTION = { settings: testConnection({ softHeapMb: 256, hardHeapMb: 512 }), growthMb: 600 };
const log = { info: () => {}, warn: (fields: object, message: string) => console.error(message, fields) };

export interface Indexed {
  /** Jobs in the index. */
  rows: number;
  /** Milliseconds until the answer. Throws if the SQL answered. */
  ask(question: OneQuery): Promise<number>;
  peakMb(): number;
  close(): Promise<void>;
}

/** The port with connection processes, without an index. */
export async function sqlOf(path: string, tempDir: string): Promise<Database> {
  const more = { maxReaders: 1, queueLimit: 16, callerLimit: 16, maxIdleMs: 600_000 };
  return await openLocalDatabase({ path, tempDir, ...more, ...CONNECTION, log });
}

/** Waits for the build if there is one. */
export async function opened(path: string, tempDir: string): Promise<Indexed> {
  const index = new IndexClient({
    ...{ databasePath: path, path: `${path}.columns`, memoryMb: INDEX_MB },
    ...{ tempDir, spillMb: 2_048, shortJobSec: 300, queueLimit: 16, callerLimit: 16, log },
  });
  let peakMb = 0;
  const watching = setInterval(() => {
    peakMb = Math.max(peakMb, index.processes()[0]?.rssMb ?? 0);
  }, 20);
  watching.unref();
  while (index.state.name === 'building') await new Promise((resolve) => setTimeout(resolve, 10));
  if (index.state.name !== 'ready') throw new Error(`the index is ${JSON.stringify(index.state)}`);
  const { rows } = index.state;
  const both = withIndex(await sqlOf(path, tempDir), index);
  const questions = new JobQuestions(both, index);
  return {
    rows,
    async ask(question) {
      const before = index.status().answers;
      const ms = await timed(questions, question);
      if (index.status().answers !== before + 1) throw new Error(`the index did not answer ${question.kind}`);
      return ms;
    },
    peakMb: () => peakMb,
    async close() {
      clearInterval(watching);
      await both.close(1_000);
    },
  };
}

/** Duration of one answer in milliseconds. */
export async function timed(questions: JobQuestions, question: OneQuery): Promise<number> {
  const startedAt = performance.now();
  await within(LIMIT_MS, async (deadline): Promise<unknown> => {
    const { kind, jobs } = question;
    if (kind === 'count') return await questions.count(jobs, deadline);
    if (kind === 'statistics') return await questions.statistics(jobs, question, deadline);
    if (kind === 'histograms') return await questions.histograms(jobs, question, deadline);
    if (kind === 'percentiles') return await questions.percentiles(jobs, question, deadline);
    if (kind === 'metric histograms') {
      return await questions.metricHistograms(jobs, question.scales, question.bins, deadline);
    }
    throw new Error(`bench -- answers measures ${kind}`);
  });
  return performance.now() - startedAt;
}
