/**
 * Questions answered by the column index: by a new process over a file that is not cached, and by a running process.
 */
import { execFileSync } from 'node:child_process';
import { type Indexed, opened } from './column-index.ts';
import type { Question } from './column-questions.ts';
import { percentile } from './table.ts';

const ROUNDS = 5;

/** In ms: the first answer of a process with nothing in memory, and the median of its next answers. */
export interface ColumnTimes {
  readonly cold: number;
  readonly warm: number;
  readonly peakMb: number;
}

/** Requires an existing index. */
export async function columnTimes(path: string, folder: string, { question }: Question): Promise<ColumnTimes> {
  forget(`${path}.columns`);
  const index = await opened(path, folder);
  try {
    const cold = await index.ask(question);
    return { cold, warm: await warmTime(index, question), peakMb: index.peakMb() };
  } finally {
    await index.close();
  }
}

async function warmTime(index: Indexed, question: Question['question']): Promise<number> {
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) times.push(await index.ask(question));
  return percentile(times, 0.5);
}

/** Removes a file from the page cache of the operating system. GNU `dd` can do this for any readable file. */
export function forget(path: string): void {
  execFileSync('dd', [`if=${path}`, 'iflag=nocache', 'count=0', 'status=none']);
}
