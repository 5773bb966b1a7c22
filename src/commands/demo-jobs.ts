import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { asStartupError } from '../db/startup-errors.ts';
import type { CommandIo } from './command.ts';
import { DEMO_FOLDER, DEMO_JOBS, DEMO_JOBS_TEXT } from './demo-settings.ts';
import { StepLines } from './json-output.ts';

/** The exit code that a shell reports for a program ended by SIGINT. */
const STOPPED = 130;

/** Generates the demo jobs if they do not exist. Returns the exit code, 0 for done. Throws StartupError. */
export async function demoJobs(io: CommandIo): Promise<number> {
  return existsSync(DEMO_FOLDER) ? 0 : await asStartupError(DEMO_FOLDER, () => makeDemo(io));
}

/**
 * Runs `generate` in a process of its own, which frees the memory of the load when it ends. An existing folder is
 * always complete.
 */
async function makeDemo(io: CommandIo): Promise<number> {
  const unfinished = `${DEMO_FOLDER}.unfinished`;
  await rm(unfinished, { recursive: true, force: true });
  await mkdir(dirname(resolve(unfinished)), { recursive: true });
  const args = [...process.execArgv, join(import.meta.dirname, '../cli.ts'), 'generate', '--jobs', String(DEMO_JOBS)];
  const env = {
    ...io.env,
    DB_URL: `file:./${unfinished}/job.db`,
    ARCHIVE_PATH: `./${unfinished}/job-archive`,
  };
  const { stderr } = io;
  const hasSteps = stderr instanceof StepLines;
  const child = spawn(process.execPath, hasSteps ? [...args, '--json'] : args, {
    env,
    stdio: ['ignore', 2, hasSteps ? 'pipe' : 2],
  });
  const passedOn = hasSteps && child.stderr !== null ? stderr.passOn(child.stderr) : undefined;
  // Incomplete data is useless, so neither the indexes of a clean stop nor its advice on how to continue are needed.
  const stop = () => child.kill('SIGKILL');
  if (io.signal.aborted) stop();
  io.signal.addEventListener('abort', stop, { once: true });
  const [code] = (await once(child, 'exit')) as [number | null];
  await passedOn;
  io.signal.removeEventListener('abort', stop);
  if (io.signal.aborted) {
    await rm(unfinished, { recursive: true, force: true, maxRetries: 5 }); // its processes end shortly after it
    io.stderr.write('stopped before the demo database was complete: the next start creates it again\n');
    return STOPPED;
  }
  if (code !== 0) return code ?? 1;
  await rename(unfinished, DEMO_FOLDER);
  return 0;
}

/** Text that shows what to try on a service with the demo jobs. The URL `page` logs a browser in. */
export function welcome(url: string, token: string, page?: string): string {
  const request = (path: string) => `curl -s -H 'X-Auth-Token: '"$TOKEN" '${url}${path}'`;
  return `
cc-jobs serves ${DEMO_JOBS_TEXT} generated jobs at ${url}

TOKEN=${token}

${page === undefined ? `Web pages (log in with an account, or send the token): ${url}/` : `Web pages, in a browser on this machine:\n  ${page}`}

Running jobs, newest first:
  ${request('/api/jobs/?state=running&items-per-page=5')}
Users with the most core hours in the last 30 days:
  ${request('/api/statistics/jobs?group-by=user&sort-by=totalCoreHours&items-per-page=5&start-time=last30d')}
State of the service: memory, processes, settings:
  ${request('/api/system')}

All routes and parameters: ${url}/openapi.json

Press Ctrl-C to stop.
`;
}
