import { each, get, type Target } from './http.ts';

const SMALL = '/api/jobs/?items-per-page=25';

interface SystemProcess {
  role: string;
  state: string;
  pid: number;
  rssMb: number;
}

interface System {
  database: {
    processes: SystemProcess[];
    counters: Record<string, number>;
  };
  archive: { processes: SystemProcess[] };
  bodies: { processes: SystemProcess[] };
}

/** The state that the service reports. */
export async function systemOf(target: Target): Promise<System> {
  return JSON.parse((await get(target, '/api/system')).body) as System;
}

/** Starts all readers and sends them small requests, so that they and the parent reach their resting level. */
export async function warm(target: Target, readers: number, requests = 4000): Promise<void> {
  for (let round = 0; round < 20; round++) {
    await each(Array(readers * 8).fill(SMALL), readers * 4, (path: string) => get(target, path));
    const { processes } = (await systemOf(target)).database;
    if (processes.filter(({ role, state }) => role === 'reader' && state !== 'starting').length >= readers) break;
  }
  await each(Array(requests).fill(SMALL), readers * 4, (path: string) => get(target, path));
}
