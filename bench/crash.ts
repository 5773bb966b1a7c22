/**
 * Kills the service at random moments under an adapter's load. After each restart, all acknowledged jobs must exist.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { openSqlite } from '../test/support/sqlite.ts';
import { adapter, type JobPattern, type Kept, keptOf, patternFrom, type Sent } from './support/adapting.ts';
import { type BenchOptions, copyOf, databaseFor, type Files, withFolder } from './support/database.ts';
import { childrenOf, familyOf } from './support/processes.ts';
import { type Server, startServer } from './support/server.ts';
import { atLeast, atMost, type Check, fact, shown } from './support/table.ts';

export const JOBS = 20_000;
const KILLS = 200;
const CONNECTIONS = 32;
/** More jobs than it can handle before it is killed. */
const JOBS_PER_KILL = 5_000;
/** Time from the first request to the kill. */
const MOMENT_MS = { least: 100, most: 900 };

/** The processes that receive the signal. */
const VICTIMS = ['parent', 'all at once', 'children, then the parent'] as const;

export async function run(options: BenchOptions): Promise<Check[]> {
  const files = await databaseFor(options);
  return await withFolder(async (folder) => {
    const copy = await copyOf(files, folder);
    const sent: Sent[] = [];
    const sum: Kept = { lost: 0, doubled: 0, refusedAndThere: 0, unknown: 0 };
    let broken = 0;
    let kills = 0;
    let job: JobPattern | undefined;
    for (; kills < KILLS; kills++) {
      const server = await startServer(copy);
      job ??= await patternFrom(server);
      const now = await killedUnderLoad(server, job, VICTIMS[kills % VICTIMS.length] ?? 'parent');
      sent.push(...now);
      if (!(await isWhole(copy))) broken++;
      const kept = await keptOf(copy.db, now);
      for (const key of Object.keys(sum) as (keyof Kept)[]) sum[key] += kept[key];
    }
    const after = await keptOf(copy.db, sent); // jobs that existed once must exist at the end
    return [
      atLeast('times killed', kills, KILLS),
      fact(
        'requests',
        `${shown(sent.length)}, of them ${shown(sent.filter(({ status }) => status >= 200 && status < 300).length)} acknowledged`,
      ),
      atMost('integrity_check after a restart: not ok', broken, 0),
      atMost('acknowledged and not there after the restart', sum.lost, 0),
      atMost('acknowledged and not there at the end', after.lost, 0),
      atMost('there twice', after.doubled, 0),
      atMost('refused and yet there', sum.refusedAndThere, 0),
      fact('without an answer, or outcome_unknown', shown(sum.unknown)),
      fact('faults', faultsOf(sent)),
    ];
  });
}

async function killedUnderLoad(server: Server, job: JobPattern, victim: (typeof VICTIMS)[number]): Promise<Sent[]> {
  const load = adapter(server, { job, jobs: JOBS_PER_KILL, connections: CONNECTIONS });
  await sleep(MOMENT_MS.least + Math.random() * (MOMENT_MS.most - MOMENT_MS.least));
  if (victim === 'children, then the parent') {
    for (const pid of childrenOf(server.pid)) kill(pid);
    await sleep(Math.random() * 100);
  }
  const pids = victim === 'all at once' ? familyOf(server.pid) : [server.pid];
  for (const pid of pids) kill(pid);
  const { sent } = await load;
  await server.stop();
  return sent;
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // it has just ended by itself, or with its parent
  }
}

async function isWhole({ db }: Files): Promise<boolean> {
  const driver = openSqlite(db, 5_000);
  try {
    const [row] = await (await driver.prepare('PRAGMA integrity_check')).all([]);
    return row.integrity_check === 'ok';
  } finally {
    driver.close();
  }
}

function faultsOf(sent: readonly Sent[]): string {
  const counts = new Map<string, number>();
  for (const { code } of sent) if (code !== '') counts.set(code, (counts.get(code) ?? 0) + 1);
  return [...counts].map(([code, count]) => `${code} ${shown(count)}`).join(', ') || 'none';
}
