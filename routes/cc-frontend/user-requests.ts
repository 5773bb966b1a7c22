import { Hono, type MiddlewareHandler } from 'hono';
import { z } from 'zod';
import { updateConfiguration } from '../../src/cc-frontend/user-settings.ts';
import { userByName } from '../../src/db/statements/user-by-name.ts';
import { Fault } from '../../src/faults.ts';
import { requireAdministrator } from '../../src/http/auth/api-access.ts';
import { sameOrigin } from '../../src/http/auth/same-origin.ts';
import { makeToken } from '../../src/http/auth/token.ts';
import { json, plainText } from '../../src/http/json/responses.ts';
import { multipartForm } from '../../src/http/query/multipart-form.ts';
import { count, once, readQuery, required } from '../../src/http/query/query-parameters.ts';
import { oneOf } from '../../src/http/query/query-values.ts';
import { nowSec, queryOf } from '../../src/http/request-values.ts';
import type { AppEnv } from '../../src/http/service.ts';

/** The key and the value of a setting. */
export const SETTING_FORM = multipartForm({ bytes: 128 * 1024, fields: 8 });

/** `cc-jobs token` makes tokens of any life. */
const TOKEN_DAYS = 30;

const MOST_LINES = 1_000;
const SECONDS_OF = { min: 60, minute: 60, hour: 3_600, day: 86_400 } as const;
const LEVELS = ['0', '1', '2', '3', '4', '5', '6', '7'] as const;

const TokenQuery = z.strictObject({ username: required(String, { description: 'the user of the token' }) });
const LogQuery = z.strictObject({
  since: once(agoSec, SECONDS_OF.hour, { description: 'age of the oldest line, such as `6 hours ago`' }),
  lines: count(200, `number of lines, at most ${MOST_LINES}`),
  level: once((text) => Number(oneOf(text, LEVELS)), 7, { description: 'highest severity number of syslog' }),
  search: once((text) => text.toLowerCase(), '', { description: 'part of a line' }),
});

/** What the pages of cc-backend's front end request below /frontend (contract/rest.md §10). */
export const userRequests = new Hono<AppEnv>()
  .post('/frontend/configuration/', bySession(), sameOrigin(), async (c) => {
    const form = await SETTING_FORM.read(c);
    const setting = { key: form.get('key') ?? '', value: form.get('value') ?? '' };
    await updateConfiguration(c.get('db'), c.get('user'), setting, c.get('deadline'));
    return plainText('success');
  })
  .get('/frontend/jwt/', bySession(), async (c) => {
    const { username } = readQuery(queryOf(c), TokenQuery);
    if (username !== c.get('user').name) requireAdministrator(c.get('user'));
    const { JWT_PRIVATE_KEY: key } = c.get('service').settings;
    if (key === undefined) throw new Fault('forbidden', 'tokens cannot be issued here: JWT_PRIVATE_KEY is not set');
    const [account] = await c.get('db').read(userByName(username), c.get('deadline'));
    if (account === undefined) throw new Fault('not_found', 'no such user');
    const token = await makeToken(key, { user: username, roles: account.roles, days: TOKEN_DAYS }, nowSec(c));
    return plainText(token);
  })
  .get('/frontend/logs/', bySession(), (c) => {
    requireAdministrator(c.get('user'));
    const { since, lines, level, search } = readQuery(queryOf(c), LogQuery);
    const oldestMs = (c.get('service').clock() - since) * 1000;
    const found = (c.get('service').recentLog?.() ?? []).filter(
      ({ atMs, priority, message }) => atMs >= oldestMs && priority <= level && message.toLowerCase().includes(search),
    );
    const shown = found.slice(-Math.min(lines, MOST_LINES)).map(({ atMs, priority, message }) => ({
      timestamp: `${Math.round(atMs)}000`, // microseconds
      priority,
      message,
      unit: 'cc-jobs',
    }));
    return json(shown);
  });

/** Refuses tokens: these requests are for pages, and a token must not make further tokens (contract/rest.md §2). */
export function bySession(): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    const hasToken = ['X-Auth-Token', 'Authorization'].some((name) => (c.req.header(name) ?? '') !== '');
    if (hasToken && c.get('service').settings.AUTH !== 'none') {
      throw new Fault('unauthorized', 'this address requires a session, not a token');
    }
    await next();
  };
}

/** Reads `6 hours ago` as seconds. */
function agoSec(text: string): number {
  const [, amount, unit] = /^(\d{1,6}) (min|minute|hour|day)s? ago$/.exec(text) ?? [];
  if (amount === undefined || unit === undefined) {
    throw new Fault('invalid_request', 'must be an age such as 15 min ago, 6 hours ago or 7 days ago');
  }
  return Number(amount) * SECONDS_OF[unit as keyof typeof SECONDS_OF];
}
