/** Reads one long response in a process of its own, and measures what it costs. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Target } from './http.ts';
import { probe } from './probing.ts';
import { boundMb, familyOf, sample } from './processes.ts';
import type { Server } from './server.ts';

export const SMALL_LIST = '/api/jobs/?items-per-page=25';
const SAMPLE_MS = 20;

interface Read {
  /** Lines of the response. */
  rows: number;
  bytes: number;
  seconds: number;
}

/**
 * Reads a response and measures the growth of all processes but one, and the times of parallel requests. An empty
 * `beside` means none.
 */
export async function observed(
  server: Server,
  path: string,
  {
    pauseMs = 0,
    beside = [SMALL_LIST],
    except = 0,
  }: { pauseMs?: number; beside?: readonly string[]; except?: number } = {},
): Promise<Read & { growthMb: number; othersMs: number[] }> {
  await sleep(1_000);
  const memory = sample(() => boundMb(familyOf(server.pid).filter((pid) => pid !== except)), SAMPLE_MS);
  await sleep(500);
  const [before = 0] = memory.values;
  const others = beside.map((each) => probe(server, each));
  const answer = await readStream(server, path, pauseMs);
  const othersMs = (await Promise.all(others.map((each) => each.stop()))).flatMap(({ timesMs }) => timesMs);
  return { ...answer, growthMb: Math.max(...memory.stop()) - before, othersMs };
}

/** Reads a response. */
export async function readStream({ port, token }: Target, path: string, pauseMs = 0): Promise<Read> {
  const child = fork(join(import.meta.dirname, 'stream-reader.ts'), [String(port), path, String(pauseMs)], {
    env: { PATH: process.env['PATH'], TOKEN: token },
    execArgv: [],
  });
  const [answer] = (await once(child, 'message')) as [Read];
  return answer;
}
