/** The benefit of a connection's own page cache: sizes from 2 MB to 4 GB, for scans, index ranges and random rows. */
import { execFileSync, fork } from 'node:child_process';
import { once } from 'node:events';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { type BenchOptions, databaseFor } from './support/database.ts';
import { type Check, fact, shown } from './support/table.ts';

export const JOBS = 5_000_000;
const SIZES_MB = [2, 8, 32, 64, 256, 1024, 4096];
/** Heap limit above the cache size, so that only the cache varies. */
const HEAP_ABOVE_MB = 512;
const QUERIES = ['scan', 'range', 'random'] as const;

interface Pass {
  ms: number;
  rssMb: number;
}

export async function run(options: BenchOptions): Promise<Check[]> {
  const { db } = await databaseFor(options);
  const checks: Check[] = [fact('file', `${shown(statSync(db).size / 2 ** 20)} MB`)];
  for (const query of QUERIES) {
    const cold = new Map<number, Pass>();
    for (const cacheMb of SIZES_MB) {
      dropFromSystemCache(db);
      const [first] = await passes(db, cacheMb, query, 1);
      if (first !== undefined) cold.set(cacheMb, first);
    }
    await passes(db, 8, query, 1); // fills the system's cache again
    for (const cacheMb of SIZES_MB) {
      const [first, second] = await passes(db, cacheMb, query, 2);
      const line = `${sec(cold.get(cacheMb))} | ${sec(first)} | ${sec(second)} s, RSS ${shown(second?.rssMb ?? 0)} MB`;
      checks.push(fact(`${query}, cache ${cacheMb} MB: disk | system's cache, first pass | second pass`, line));
      process.stderr.write(`${query} ${cacheMb} MB: ${line}\n`);
    }
  }
  return checks;
}

function sec(pass: Pass | undefined): string {
  return ((pass?.ms ?? 0) / 1000).toFixed(2);
}

/** POSIX_FADV_DONTNEED for this file only, by a tool that every Linux has. Caches of other files are kept. */
function dropFromSystemCache(path: string): void {
  execFileSync('dd', [`if=${path}`, 'iflag=nocache', 'count=0', 'status=none']);
}

/** Runs the query `count` times on a new connection in a process of its own. */
async function passes(db: string, cacheMb: number, query: string, count: number): Promise<Pass[]> {
  const program = join(import.meta.dirname, 'support/cache-passes.ts');
  const args = [db, String(cacheMb), String(cacheMb + HEAP_ABOVE_MB), query, String(count)];
  const child = fork(program, args, { execArgv: [] });
  const [answer] = (await once(child, 'message')) as [Pass[]];
  await once(child, 'exit');
  return answer;
}
