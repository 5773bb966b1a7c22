import { setTimeout as sleep } from 'node:timers/promises';
import { readSettings } from '../check-settings.ts';
import { makeToken } from '../http/auth/token.ts';
import { serviceUrl } from '../nodejs/http-server.ts';
import type { SettingValues } from '../settings.ts';
import { StartupError } from '../startup-error.ts';
import type { SystemState } from '../system-state-types.ts';
import { type Command, type CommandIo, parsedArguments, UsageError } from './command.ts';
import { statusLines } from './status-lines.ts';

const ANSWER_LIMIT_MS = 10_000;
const EVERY_MS = 2_000;
/** Moves to the first line of a terminal and clears what is below. */
const CLEAR = '\u001b[H\u001b[2J';

export const statusCommand: Command = {
  usage: `cc-jobs status [--watch] [--json] [--url URL] [--token TOKEN]
    --watch        show it again every 2 seconds, until Ctrl-C
    --json         print the answer of /api/system
    --url URL      the address of the service (default: HOST and PORT)
    --token TOKEN  a token with the roles admin and api (default: one that is made with JWT_PRIVATE_KEY)

What the page /system shows, in a terminal. The exit code is 1 if the service does not answer, or has a problem that the
operator must check.`,
  async run(args, io) {
    const { watch, json, url, token } = await readOptions(args, io);
    let code = 0;
    do {
      const state = await stateOf(url, token);
      code = state.database.alive && state.degraded.length === 0 ? 0 : 1;
      const text = json ? JSON.stringify(state) : statusLines(state, url).join('\n');
      io.stdout.write(`${watch && io.stdout.isTTY ? CLEAR : ''}${text}\n`);
      if (watch) await sleep(EVERY_MS, undefined, { signal: io.signal }).catch(() => {});
    } while (watch && !io.signal.aborted);
    return code;
  },
};

/** Throws StartupError if there is no answer, or another one. */
async function stateOf(url: string, token: string | undefined): Promise<SystemState> {
  const headers: Record<string, string> = token === undefined ? {} : { 'X-Auth-Token': token };
  const answer = await fetch(`${url}/api/system`, {
    headers,
    signal: AbortSignal.timeout(ANSWER_LIMIT_MS),
    redirect: 'error',
  }).catch((cause: unknown) => {
    throw new StartupError(`${url} does not answer: is the service running there?`, { cause });
  });
  const body: { database?: unknown; error?: unknown } = Object(await answer.json().catch(() => undefined));
  if (answer.ok && body.database !== undefined) return body as SystemState;
  throw new StartupError(`${url} answers with ${answer.status}: ${body.error ?? 'is this cc-jobs?'}`);
}

async function readOptions(args: string[], { env }: CommandIo) {
  const { watch, json, url, token } = parseCommandLine(args);
  if (url !== undefined && !/^https?:$/.test(URL.parse(url)?.protocol ?? ''))
    throw new UsageError('--url must be an address such as http://127.0.0.1:8080');
  return {
    watch,
    json,
    // With both, the settings of the service are not needed: it may be on another machine.
    url: (url ?? serviceUrl(readSettings(env))).replace(/\/+$/, ''),
    token: token ?? (await ownToken(readSettings(env))),
  };
}

/** Undefined if the service asks for none. Throws StartupError. */
async function ownToken({ AUTH, JWT_PRIVATE_KEY }: SettingValues): Promise<string | undefined> {
  if (AUTH === 'none') return undefined;
  if (JWT_PRIVATE_KEY === undefined)
    throw new StartupError("JWT_PRIVATE_KEY is not set: give a token with --token ('cc-jobs token' makes one)");
  return await makeToken(JWT_PRIVATE_KEY, { user: 'status', roles: ['admin', 'api'], days: 1 });
}

function parseCommandLine(args: string[]) {
  return parsedArguments({
    args,
    options: {
      watch: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      url: { type: 'string' },
      token: { type: 'string' },
    },
  }).values;
}
