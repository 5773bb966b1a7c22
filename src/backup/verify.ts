import { setImmediate as nextTurn } from 'node:timers/promises';
import { readOnlyUri, Sqlite } from '../db/driver/node-sqlite.ts';
import { checkFile } from '../db/schema/schema-check.ts';
import { startupErrorOf } from '../db/startup-errors.ts';
import { StartupError } from '../startup-error.ts';

/**
 * Checks that a file which no program has open is a job database without damage in its pages
 * (https://www.sqlite.org/pragma.html#pragma_quick_check). Returns the number of its jobs. Throws StartupError that
 * names the file as `shown`.
 */
export async function verify(path: string, shown: string, signal: AbortSignal): Promise<number> {
  try {
    await checkFile(path);
  } catch (error) {
    if (!(error instanceof StartupError)) throw error;
    throw new StartupError(
      error.problems.map((problem) => problem.replaceAll(path, shown)),
      { cause: error },
    );
  }
  const db = new Sqlite(readOnlyUri(path, '&immutable=1'), { readOnly: true });
  try {
    const tables = db.all("SELECT name FROM sqlite_schema WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%'");
    for (const { name } of tables) {
      await nextTurn(); // a signal arrives between two tables
      if (signal.aborted) throw new StartupError('stopped: nothing was kept');
      const [found] = db.all('SELECT quick_check AS line FROM pragma_quick_check(?)', [String(name)]);
      if (found?.['line'] !== 'ok') throw new StartupError(`${shown}: is damaged (table ${name}: ${found?.['line']})`);
    }
    return Number(db.all('SELECT count(*) AS jobs FROM job')[0]?.['jobs']);
  } catch (error) {
    throw error instanceof StartupError ? error : (startupErrorOf(error, shown) ?? error);
  } finally {
    db.close();
  }
}
