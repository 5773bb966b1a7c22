import { makeToken } from '../http/auth/token.ts';
import { isRole, ROLES } from '../jobs/roles.ts';
import { SettingsSchema } from '../settings.ts';
import { StartupError } from '../startup-error.ts';
import { type Command, parsedArguments, UsageError } from './command.ts';
import { keepPrivate } from './private-output.ts';

const MOST_DAYS = 36_500;

export const tokenCommand: Command = {
  usage: `cc-jobs token --user NAME --roles ROLE,ROLE [--days N]

Prints a token signed with JWT_PRIVATE_KEY, and nothing else.
    --user NAME    the user of the token
    --roles LIST   any of ${ROLES.join(', ')}; 'api' alone makes a machine account, which sees all jobs
    --days N       days until the token expires, 1 to ${MOST_DAYS} (default: never)`,
  isShort: true,
  async run(args, io) {
    const options = readOptions(args);
    const key = SettingsSchema.shape.JWT_PRIVATE_KEY.safeParse(io.env['JWT_PRIVATE_KEY']);
    if (!key.success) throw new StartupError(`JWT_PRIVATE_KEY ${key.error.issues[0]?.message ?? 'is not a key'}`);
    if (key.data === undefined)
      throw new StartupError("JWT_PRIVATE_KEY is missing: create a key pair with 'cc-jobs keys >> .env'");
    const token = await makeToken(key.data, options).catch((cause: unknown) => {
      throw new StartupError("JWT_PRIVATE_KEY is not an Ed25519 key: create a key pair with 'cc-jobs keys'", { cause });
    });
    keepPrivate(io);
    io.stdout.write(`${token}\n`);
    return 0;
  },
};

function readOptions(args: string[]) {
  const { user, roles, days } = parsed(args);
  if (user === undefined || user === '') throw new UsageError('--user is missing');
  if (roles === undefined || roles === '') throw new UsageError('--roles is missing');
  const list = [...new Set(roles.split(',').map((role) => role.trim()))];
  const unknown = list.find((role) => !isRole(role));
  if (unknown !== undefined) throw new UsageError(`unknown role '${unknown}': use ${ROLES.join(', ')}`);
  if (days === undefined) return { user, roles: list };
  const number = /^\d{1,6}$/.test(days) ? Number(days) : 0;
  if (number < 1 || number > MOST_DAYS) throw new UsageError(`--days must be a whole number from 1 to ${MOST_DAYS}`);
  return { user, roles: list, days: number };
}

function parsed(args: string[]) {
  return parsedArguments({
    args,
    options: { user: { type: 'string' }, roles: { type: 'string' }, days: { type: 'string' } },
  }).values;
}
