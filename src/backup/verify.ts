import { setImmediate as nextTurn } from 'node:timers/promises';
import { UnchangedFile } from '../db/driver/open-unchanged.ts';
import { startupErrorOf } from '../db/startup-errors.ts';
import { jobsOfFile, quickCheck, tablesOfFile } from '../db/statements/quick-check.ts';
import { StartupError } from '../startup-error.ts';

/**
 * Checks that a file which no program has open is a job database without damage in its pages. Returns the number of its
 * jobs. Throws StartupError that names the file as `shown`.
 */
export async function verify(path: string, shown: string, signal: AbortSignal): Promise<number> {
  try {
    return await checked(path, shown, signal);
  } catch (error) {
    if (!(error instanceof StartupError)) throw startupErrorOf(error, shown) ?? error;
    const problems = error.problems.map((problem) => problem.replaceAll(path, shown));
    throw new StartupError(problems, { cause: error });
  }
}

async function checked(path: string, shown: string, signal: AbortSignal): Promise<number> {
  const file = await UnchangedFile.open(path);
  try {
    for (const { name } of file.read(tablesOfFile())) {
      await nextTurn(); // a signal arrives between two tables
      if (signal.aborted) throw new StartupError('stopped: nothing was kept');
      const [found] = file.read(quickCheck(name));
      if (found?.line !== 'ok') throw new StartupError(`${shown} is damaged (table ${name}: ${found?.line})`);
    }
    return file.read(jobsOfFile())[0]?.jobs ?? 0;
  } finally {
    file.close();
  }
}
