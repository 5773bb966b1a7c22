/**
 * SQLite's WAL-reset bug (https://www.sqlite.org/wal.html#walresetbug), one minute each: the race itself with the
 * SQLite that cc-jobs writes with and, for comparison, with that of the libSQL driver; then a service together with
 * `import`, `retention` and a second service on one file.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { besideService, fileToShare, NEIGHBOURS } from '../test/support/shared-file.ts';
import { race } from '../test/support/wal-race.ts';
import { type BenchOptions, withFolder } from './support/database.ts';
import { atMost, type Check, fact, shown } from './support/table.ts';

/** Not used: each part creates its own small file. */
export const JOBS = 2_000;
const SECONDS = 60;

export async function run(_: BenchOptions): Promise<Check[]> {
  const ours = await race('node', SECONDS);
  const checks = [
    fact('the race, SQLite of Node', `${shown(ours.commits)} commits, ${shown(ours.checkpoints)} checkpoints`),
    atMost('  commits lost', ours.commits - (ours.found ?? 0), 0),
    atMost('  integrity_check: not ok', isWhole(ours.integrity), 0),
  ];
  const libsql = await race('libsql', SECONDS);
  const lost = libsql.found === undefined ? 'the file cannot be read' : `${shown(libsql.commits - libsql.found)} lost`;
  checks.push(fact('the race, SQLite of libSQL', `${lost}; integrity_check: ${libsql.integrity[0]}`));
  for (const neighbour of NEIGHBOURS) {
    const result = await withFolder(async (folder) => {
      const cwd = join(folder, 'shared');
      mkdirSync(cwd);
      await fileToShare(cwd);
      return await besideService(cwd, neighbour, SECONDS);
    });
    const { acknowledged, imported, pauses, refused } = result;
    checks.push(
      fact(
        `a service and ${neighbour}`,
        `${shown(acknowledged)} acknowledged, ${shown(imported)} imported, ${shown(pauses)} pauses, refused ${JSON.stringify(refused)}`,
      ),
      atMost('  lost', result.lost, 0),
      atMost('  deleted and still there', result.undeleted, 0),
      atMost('  integrity_check: not ok', isWhole(result.integrity), 0),
    );
  }
  return checks;
}

function isWhole(lines: readonly string[]): number {
  return lines.length === 1 && lines[0] === 'ok' ? 0 : 1;
}
