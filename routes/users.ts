import { z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { users as usersStatement } from '../src/db/statements/users.ts';
import { Fault } from '../src/faults.ts';
import { requireAdministrator } from '../src/http/auth/api-access.ts';
import { strictFields, text } from '../src/http/json/body-values.ts';
import { FEW_FIELDS, jsonBody } from '../src/http/json/json-body.ts';
import { answers, apiRoute, jsonRows, MESSAGE, message, resource } from '../src/http/json/responses.ts';
import { flag } from '../src/http/query/query-parameters.ts';
import type { AppEnv } from '../src/http/service.ts';
import { ACCOUNT_CHANGES } from '../src/jobs/account.ts';
import { isMoreThanUser } from '../src/jobs/roles.ts';

const words = text.nullish().transform((value) => value ?? '');
const ChangeBody = strictFields({
  'add-role': words,
  'remove-role': words,
  'add-project': words,
  'remove-project': words,
});
const CHANGE = jsonBody('one change', ChangeBody, FEW_FIELDS);
/** The answers to changes of accounts. */
export const ACCOUNT_CHANGED = {
  'add-role': 'Add Role Success',
  'remove-role': 'Remove Role Success',
  'add-project': 'Add Project Success',
  'remove-project': 'Remove Project Success',
} as const;

const UserSchema = z
  .object({
    username: z.string(),
    name: z.string(),
    email: z.string(),
    roles: z.array(z.string()),
    projects: z.array(z.string()),
    authType: z.literal(0),
    authSource: z.literal(0),
  })
  .openapi('User');

/** GET users/ and POST user/{id}: lists and changes accounts, for admins. */
export const users = resource()
  .openapi(
    apiRoute({
      method: 'get',
      path: '/users/',
      summary: 'List accounts',
      request: {
        query: z.strictObject({ 'not-just-user': flag('true: only accounts with a role other than user') }),
      },
      responses: answers('accounts in order of creation', z.array(UserSchema)),
    }),
    async (c) => {
      requireAdministrator(c.get('user'));
      const { 'not-just-user': notJustUser } = c.req.valid('query');
      return await listAccounts(c, notJustUser);
    },
  )
  .openapi(
    apiRoute({
      method: 'post',
      path: '/user/{id}',
      summary: 'Change the roles or projects of an account',
      description:
        'Makes only the first change that is not empty. Responds with 422 conflict if the change is not possible.',
      request: {
        params: z.object({ id: z.string().openapi({ description: 'username', example: 'ada' }) }),
        body: CHANGE.document,
      },
      responses: answers('the change was made', MESSAGE),
    }),
    async (c) => {
      requireAdministrator(c.get('user'));
      const body = await CHANGE.read(c);
      const kind = ACCOUNT_CHANGES.find((name) => body[name] !== '');
      if (kind === undefined) throw new Fault('invalid_request', `give one of ${ACCOUNT_CHANGES.join(', ')}`);
      const { id: username } = c.req.valid('param');
      await c.get('db').write('changeAccount', { username, change: { kind, value: body[kind] } }, c.get('deadline'));
      return message(`${ACCOUNT_CHANGED[kind]} for user ${username}`);
    },
  );

/** Answers with all accounts, or only those with a role other than `user`. */
export async function listAccounts(c: Context<AppEnv>, notJustUser: boolean) {
  const all = await c.get('db').read(usersStatement(), c.get('deadline'));
  const shown = notJustUser ? all.filter(({ roles }) => isMoreThanUser(roles)) : all;
  const accounts = shown.map((user) => ({ ...user, authType: 0, authSource: 0 }));
  return await jsonRows('', accounts, '', c.get('deadline'));
}
