/**
 * DuckDB in this process: the same SQL on the same file, without IPC and without following changes or checking rows.
 */

import { IndexFile } from '../../src/column-index/duckdb-file.ts';
import { queryFor } from '../../src/column-index/question-to-query.ts';
import { INDEX_MB } from './column-index.ts';
import type { Question } from './column-questions.ts';
import { percentile } from './table.ts';

const ROUNDS = 5;

/** The median in ms. The file must not be open elsewhere. */
export async function bareTime(path: string, tempDir: string, { question }: Question): Promise<number> {
  const file = await IndexFile.open({ path, memoryMb: INDEX_MB, tempDir, spillMb: 2_048, shortJobSec: 300 });
  try {
    const meta = await file.meta();
    if (meta === undefined) throw new Error('there is no index');
    const query = queryFor(question, { footprintKeys: meta.footprintKeys, readableTags: new Set() });
    const times: number[] = [];
    for (let round = 0; round <= ROUNDS; round += 1) {
      const startedAt = performance.now();
      await file.rows(query);
      if (round > 0) times.push(performance.now() - startedAt); // the first round warms up
    }
    return percentile(times, 0.5);
  } finally {
    file.close();
  }
}
