/** The priorities on a busy machine: first the parent, then processes that answer, then background work. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { getPriority } from 'node:os';
import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { setPriorityOf } from '../../src/processes/priority.ts';
import { BUILD_LIMIT_MS, indexed, isReady, jobs, withJobs } from '../support/column-index.ts';
import { migrated, serve, start } from '../support/command-line.ts';
import { testPool, until } from '../support/pool.ts';

/** The nice values of all threads of a process. */
function niceValuesOf(pid: number): number[] {
  const values = readdirSync(`/proc/${pid}/task`).map((thread) => {
    const stat = readFileSync(`/proc/${pid}/task/${thread}/stat`, 'latin1');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[16]);
  });
  return [...new Set(values)];
}

const own = getPriority();
const Processes = z.object({
  parent: z.object({ pid: z.number() }),
  database: z.object({ processes: z.array(z.object({ pid: z.number(), role: z.string() })) }),
});

test('every thread of a process has the place of its role, and the parent the first', async () => {
  const cwd = await migrated();
  const { url } = await serve(cwd);
  const { parent, database } = Processes.parse(await (await fetch(`${url}/api/system`)).json());
  const found = Object.fromEntries(database.processes.map(({ pid, role }) => [role, niceValuesOf(pid)]));
  expect(niceValuesOf(parent.pid)).toEqual([own]);
  expect(found).toEqual({ writer: [own + 7], reader: [own + 9] });
});

test('threads that a process has already get its place too', async () => {
  const script = 'setInterval(() => {}, 1000); require("fs").stat(".", () => console.log("ready"))'; // starts a pool
  const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  setPriorityOf(child.pid ?? Number.NaN, 'builder');
  expect(niceValuesOf(child.pid ?? Number.NaN)).toEqual([own + 12]);
});

test('a build comes last; the process that answers does not', async () => {
  const pool = await testPool();
  await withJobs(pool, jobs(1, 30_000));
  const both = indexed(pool);
  const builder = () => both.index.processes().find(({ role, state }) => role === 'builder' && state === 'busy')?.pid;
  await until(() => builder() !== undefined, BUILD_LIMIT_MS);
  expect(niceValuesOf(builder() ?? Number.NaN)).toEqual([own + 12]);
  await isReady(both);
  const [answering] = both.index.processes();
  expect(answering?.role).toBe('columns');
  expect(niceValuesOf(answering?.pid ?? Number.NaN)).toEqual([own + 7]);
}, 400_000);

test('a command that loads jobs comes after a service', async () => {
  const cwd = await migrated();
  const generate = start(cwd, ['generate', '--jobs', '50000', '--archived', '0']);
  await generate.says(/\/s/); // its progress shows that it is working
  expect(niceValuesOf(generate.child.pid ?? Number.NaN)).toContain(own + 12);
});
