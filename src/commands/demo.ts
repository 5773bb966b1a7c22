import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { makeLoginToken } from '../http/auth/other-sites-login-token.ts';
import { makeKeys } from '../http/auth/signing-keys.ts';
import { makeToken } from '../http/auth/token.ts';
import { EVERY_RIGHT } from '../jobs/roles.ts';
import { checkAddress } from '../nodejs/http-server.ts';
import { surviveShortages } from '../nodejs/survive-shortages.ts';
import { startService } from '../nodejs.ts';
import { isLoopback } from '../settings.ts';
import { settingsOnNode } from '../settings-by-deployment.ts';
import { type Command, noArguments } from './command.ts';
import { demoJobs, welcome } from './demo-jobs.ts';
import { DEMO_FOLDER, TOKEN_DAYS } from './demo-settings.ts';

const LOGIN_KEY_BYTES = 64;
const DAY_SEC = 86_400;

export const demoCommand: Command = {
  usage: `cc-jobs demo

Creates a demo database in ${DEMO_FOLDER} if there is none, and serves it on HOST and PORT. Prints the address, a token that is
valid for ${TOKEN_DAYS} day, and three requests to try. On a loopback HOST it also prints a link that logs a browser in as an admin.
All other settings are those of 'cc-jobs serve'. Ctrl-C stops it.`,
  async run(args, io) {
    noArguments(args);
    const keys = await makeKeys();
    const loginKey = randomBytes(LOGIN_KEY_BYTES).toString('base64');
    const settings = settingsOnNode(io, {
      AUTH: 'jwt',
      JWT_PUBLIC_KEY: keys.publicKey,
      CROSS_LOGIN_JWT_HS512_KEY: loginKey,
      DB_URL: `file:./${DEMO_FOLDER}/job.db`,
      DB_SYNC_URL: undefined,
      ARCHIVE_PATH: `./${DEMO_FOLDER}/job-archive`,
      ...(io.env['LOG_LEVEL'] === undefined ? { LOG_LEVEL: 'warn' } : {}),
    });
    if (!existsSync(DEMO_FOLDER)) await checkAddress(settings.values); // before a minute of work
    const code = await demoJobs(io);
    if (code !== 0) return code;
    surviveShortages();
    const service = await startService(settings);
    const token = await makeToken(keys.privateKey, { user: 'demo', roles: EVERY_RIGHT, days: TOKEN_DAYS });
    // The link makes its holder an admin, so it is not offered if others can reach the service.
    const page = isLoopback(settings.values) ? await loginLink(service.url, loginKey) : undefined;
    io.stdout.write(welcome(service.url, token, page));
    if (!io.signal.aborted) await once(io.signal, 'abort');
    await service.stop();
    return 0;
  },
};

/** An address that logs a browser in. It is valid as long as the token of the API. */
async function loginLink(url: string, key: string): Promise<string> {
  const until = Math.floor(Date.now() / 1000) + TOKEN_DAYS * DAY_SEC;
  const token = await makeLoginToken(key, { user: 'demo', roles: EVERY_RIGHT, until });
  return `${url}/jwt-login?login-token=${token}`;
}
