/** The speed of loading jobs. Each load is a command as an operator would run it, and the time includes its start. */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type BenchOptions, command, END_SEC, type Files, filesIn, withFolder } from './support/database.ts';
import { probe } from './support/probing.ts';
import { writeTrace } from './support/sacct-trace.ts';
import { startServer } from './support/server.ts';
import { atLeast, type Check, fact, shown, spread } from './support/table.ts';
import { warm } from './support/warm.ts';

export const JOBS = 1_000_000;
const READERS = 4;
const BEFORE_MS = 10_000;
const LIST = '/api/jobs/?items-per-page=25';

export async function run({ jobs }: BenchOptions): Promise<Check[]> {
  return await withFolder(async (folder) => {
    const trace = join(folder, 'trace.psv');
    await writeTrace(trace, jobs);
    const generated = filesIn(join(folder, 'generated'));
    const generateArgs = ['generate', '--jobs', String(jobs), '--archived', '0', '--end', String(END_SEC)];
    const generating = await timed(generateArgs, generated);
    const importing = await timed(['import', 'sacct', trace], filesIn(join(folder, 'sacct')));
    const served = await whileServed(['import', 'sacct', trace], generated);
    return [
      atLeast('generate into a new file, indexes included', jobs / generating, 18_000, ' jobs/s'),
      atLeast('import sacct into a new file, indexes included', jobs / importing, 18_000, ' jobs/s'),
      atLeast(
        `import sacct into a file of ${shown(jobs)} jobs that is served`,
        jobs / served.seconds,
        12_000,
        ' jobs/s',
      ),
      fact('a list of 25 from that server before', spread(served.beforeMs)),
      fact('meanwhile', spread(served.duringMs)),
      fact('answers other than 200', String(served.failed)),
    ];
  });
}

/** Duration in seconds. */
async function timed(args: string[], files: Files): Promise<number> {
  const startedAt = performance.now();
  await command(args, files);
  return (performance.now() - startedAt) / 1000;
}

async function whileServed(args: string[], files: Files) {
  const server = await startServer(files);
  try {
    await warm(server, READERS, 1000);
    const before = probe(server, LIST);
    await sleep(BEFORE_MS);
    const { timesMs: beforeMs } = await before.stop();
    const during = probe(server, LIST);
    const seconds = await timed(args, files);
    const { timesMs: duringMs, failed } = await during.stop();
    return { seconds, beforeMs, duringMs, failed };
  } finally {
    await server.stop();
  }
}
