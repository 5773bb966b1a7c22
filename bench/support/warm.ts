import { each, get, type Target } from './http.ts';

const SMALL = '/api/jobs/?items-per-page=25';

interface System {
  database: {
    processes: { role: string; state: string; pid: number; rssMb: number }[];
    counters: Record<string, number>;
  };
}

/** What the service says of itself. */
export async function systemOf(target: Target): Promise<System> {
  return JSON.parse((await get(target, '/api/system')).body) as System;
}

/** Starts all readers and asks small things of them, so that they and the parent are at their resting level. */
export async function warm(target: Target, readers: number, requests = 4000): Promise<void> {
  for (let round = 0; round < 20; round++) {
    await each(Array(readers * 8).fill(SMALL), readers * 4, (path: string) => get(target, path));
    const { processes } = (await systemOf(target)).database;
    if (processes.filter(({ role, state }) => role === 'reader' && state !== 'starting').length >= readers) break;
  }
  await each(Array(requests).fill(SMALL), readers * 4, (path: string) => get(target, path));
}
