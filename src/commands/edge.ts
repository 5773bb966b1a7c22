import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { readClusterFiles } from '../archive/version-and-clusters.ts';
import { readSettings } from '../check-settings.ts';
import { migrateRemote } from '../db/remote/migrate-remote.ts';
import { openRemote } from '../db/remote/open-remote.ts';
import { type LibsqlServer, startLibsqlServer } from '../dev/servers/libsql-server.ts';
import { startWrangler } from '../dev/servers/wrangler.ts';
import { makeKeys } from '../http/auth/signing-keys.ts';
import { makeToken } from '../http/auth/token.ts';
import { EVERY_RIGHT } from '../jobs/roles.ts';
import { publish } from '../nodejs/cluster-files.ts';
import { checkAddress } from '../nodejs/http-server.ts';
import { serverLimits, sizeFor, thisMachine } from '../nodejs/memory-sizing.ts';
import { type Command, noArguments } from './command.ts';
import { demoJobs, welcome } from './demo-jobs.ts';
import { DEMO_FOLDER, TOKEN_DAYS } from './demo-settings.ts';

/** The folder in which `sqld` expects its data. */
const SERVER_FOLDER = 'var/edge';
const CLOSE_LIMIT_MS = 1_000;

export const edgeCommand: Command = {
  usage: `cc-jobs edge

Starts a libSQL server (sqld) on a free loopback port, with its data in ${SERVER_FOLDER}; a new server gets the jobs of the demo.
Then starts the Worker on PORT with 'wrangler dev', and prints the address, a token that is valid for ${TOKEN_DAYS} day, and requests
to try. Ctrl-C stops everything. Requires the development packages, but no network.`,
  isShort: true,
  async run(args, io) {
    noArguments(args);
    const keys = await makeKeys();
    const settings = readSettings({ ...io.env, HOST: '127.0.0.1', AUTH: 'jwt', JWT_PUBLIC_KEY: keys.publicKey });
    await checkAddress(settings); // before a minute of work
    const code = await demoJobs(io);
    if (code !== 0) return code;
    await fill();
    const { softMb, hardMb } = serverLimits(sizeFor({ ...settings, DB_URL: 'file:job.db' }, thisMachine()));
    const flags = ['--soft-heap-limit-mb', String(softMb), '--hard-heap-limit-mb', String(hardMb)];
    const server = await startLibsqlServer({ folder: SERVER_FOLDER, flags });
    try {
      await bringUp(server);
      const bindings = {
        DB_URL: server.url,
        AUTH: 'jwt',
        JWT_PUBLIC_KEY: keys.publicKey,
        REQUEST_TIMEOUT_MS: String(settings.REQUEST_TIMEOUT_MS),
        LOG_LEVEL: io.env['LOG_LEVEL'] ?? 'warn',
      };
      const wrangler = await startWrangler({ port: settings.PORT, bindings, signal: io.signal });
      const token = await makeToken(keys.privateKey, { user: 'demo', roles: EVERY_RIGHT, days: TOKEN_DAYS });
      io.stdout.write(welcome(wrangler.url, token));
      if (!io.signal.aborted) await Promise.race([once(io.signal, 'abort'), wrangler.ended]);
      await wrangler.stop();
      return io.signal.aborted ? 0 : 1;
    } finally {
      await server.stop();
    }
  },
};

/** A new server uses an existing database file as it is, and writes its log next to it. */
async function fill(): Promise<void> {
  if (existsSync(SERVER_FOLDER)) return;
  const unfinished = `${SERVER_FOLDER}.unfinished`;
  await rm(unfinished, { recursive: true, force: true });
  const folder = join(unfinished, 'dbs/default');
  await mkdir(folder, { recursive: true });
  await copyFile(join(DEMO_FOLDER, 'job.db'), join(folder, 'data'));
  await rename(unfinished, SERVER_FOLDER);
}

async function bringUp({ url }: LibsqlServer): Promise<void> {
  await migrateRemote({ url });
  const db = openRemote({ url, mostAtOnce: 1, heartbeat: false });
  await publish(await readClusterFiles(join(DEMO_FOLDER, 'job-archive')), db);
  await db.close(CLOSE_LIMIT_MS);
}
