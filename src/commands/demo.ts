// biome-ignore lint/style/noRestrictedImports: the demo is made by a command of its own, which takes its memory with it
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { beginning } from '../bad-file.ts';
import { makeKeys } from '../http/keys.ts';
import { makeToken } from '../http/token.ts';
import { checkAddress } from '../node/server.ts';
import { startService } from '../node.ts';
import { readSettings } from '../settings.ts';
import { type Command, type CommandIo, noArguments } from './command.ts';

const JOBS = 100_000;
const FOLDER = 'var/demo';
const TOKEN_DAYS = 1;

export const demoCommand: Command = {
  name: 'demo',
  summary: `serve ${JOBS.toLocaleString('en')} made-up jobs, to try it`,
  usage: `cc-jobs demo

Makes a demo database in ${FOLDER} if there is none, serves it on HOST and PORT, and prints the address, a token that is good
for ${TOKEN_DAYS} day, and three requests to try. Other settings are those of serve. Ctrl-C ends it.`,
  async run(args, io) {
    noArguments(args);
    const keys = await makeKeys();
    const settings = readSettings({
      ...io.env,
      AUTH: 'jwt',
      JWT_PUBLIC_KEY: keys.publicKey,
      DB_URL: `file:./${FOLDER}/job.db`,
      ARCHIVE_PATH: `./${FOLDER}/job-archive`,
      LOG_LEVEL: io.env['LOG_LEVEL'] ?? 'warn',
    });
    if (!existsSync(FOLDER)) {
      await checkAddress(settings); // before a minute's work
      const code = await beginning(FOLDER, () => makeDemo(io));
      if (code !== 0) return code;
    }
    const service = await startService(settings, io.env);
    const token = await makeToken(keys.privateKey, { user: 'demo', roles: ['admin', 'api'], days: TOKEN_DAYS });
    io.stdout.write(welcome(service.url, token));
    if (!io.signal.aborted) await once(io.signal, 'abort');
    await service.stop();
    return 0;
  },
};

/** In a process of its own, which takes the memory of the load with it; a folder that is there is always whole. */
async function makeDemo(io: CommandIo): Promise<number> {
  const unfinished = `${FOLDER}.unfinished`;
  await rm(unfinished, { recursive: true, force: true });
  await mkdir(dirname(resolve(unfinished)), { recursive: true });
  const args = [...process.execArgv, join(import.meta.dirname, '../cli.ts'), 'generate', '--jobs', String(JOBS)];
  const env = { ...io.env, DB_URL: `file:./${unfinished}/job.db`, ARCHIVE_PATH: `./${unfinished}/job-archive` };
  const child = spawn(process.execPath, args, { env, stdio: ['ignore', 2, 2] });
  const stop = () => child.kill('SIGTERM');
  io.signal.addEventListener('abort', stop, { once: true });
  const [code] = (await once(child, 'exit')) as [number | null];
  io.signal.removeEventListener('abort', stop);
  if (code !== 0) return code ?? 1;
  await rename(unfinished, FOLDER);
  return 0;
}

function welcome(url: string, token: string): string {
  const request = (path: string) => `curl -s -H 'X-Auth-Token: '"$TOKEN" '${url}${path}'`;
  return `
cc-jobs serves ${JOBS.toLocaleString('en')} made-up jobs at ${url}

TOKEN=${token}

The running jobs, newest first:
  ${request('/api/jobs/?state=running&items-per-page=5')}
Who used the most core hours in the last 30 days:
  ${request('/api/statistics/jobs?group-by=user&sort-by=totalCoreHours&items-per-page=5&start-time=last30d')}
The service itself: memory, processes, settings in force:
  ${request('/api/system')}

Every route and parameter: ${url}/openapi.json

Ctrl-C ends it.
`;
}
