import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { makeKeys } from '../http/keys.ts';
import { makeToken } from '../http/token.ts';
import { checkAddress } from '../node/server.ts';
import { startService } from '../node.ts';
import { readSettings } from '../settings.ts';
import { type Command, noArguments } from './command.ts';
import { DEMO_FOLDER, DEMO_JOBS, demoJobs, TOKEN_DAYS, welcome } from './demo-jobs.ts';

export const demoCommand: Command = {
  name: 'demo',
  summary: `serve ${DEMO_JOBS} made-up jobs, to try it`,
  usage: `cc-jobs demo

Makes a demo database in ${DEMO_FOLDER} if there is none, serves it on HOST and PORT, and prints the address, a token that is good
for ${TOKEN_DAYS} day, and three requests to try. Other settings are those of serve. Ctrl-C ends it.`,
  async run(args, io) {
    noArguments(args);
    const keys = await makeKeys();
    const settings = readSettings({
      ...io.env,
      AUTH: 'jwt',
      JWT_PUBLIC_KEY: keys.publicKey,
      DB_URL: `file:./${DEMO_FOLDER}/job.db`,
      DB_SYNC_URL: undefined,
      ARCHIVE_PATH: `./${DEMO_FOLDER}/job-archive`,
      LOG_LEVEL: io.env['LOG_LEVEL'] ?? 'warn',
    });
    if (!existsSync(DEMO_FOLDER)) await checkAddress(settings); // before a minute's work
    const code = await demoJobs(io);
    if (code !== 0) return code;
    const service = await startService(settings, io.env, io.fromFile);
    const token = await makeToken(keys.privateKey, { user: 'demo', roles: ['admin', 'api'], days: TOKEN_DAYS });
    io.stdout.write(welcome(service.url, token));
    if (!io.signal.aborted) await once(io.signal, 'abort');
    await service.stop();
    return 0;
  },
};
