import { type Context, Hono, type MiddlewareHandler } from 'hono';
import { z } from 'zod';
import { Fault } from '../../src/faults.ts';
import { requireAdministrator } from '../../src/http/auth/api-access.ts';
import { hashPassword, newPasswordProblem } from '../../src/http/auth/new-password.ts';
import { sameOrigin } from '../../src/http/auth/same-origin.ts';
import { json, message, plainText } from '../../src/http/json/responses.ts';
import { multipartForm } from '../../src/http/query/multipart-form.ts';
import { flag, readQuery } from '../../src/http/query/query-parameters.ts';
import { queryOf } from '../../src/http/request-values.ts';
import type { AppEnv } from '../../src/http/service.ts';
import { ACCOUNT_CHANGES, isUsername, USERNAME_RULE } from '../../src/jobs/account.ts';
import { BOUNDS } from '../../src/jobs/input-bounds.ts';
import { hasProjects, isRole, ROLES } from '../../src/jobs/roles.ts';
import { ACCOUNT_CHANGED, listAccounts } from '../users.ts';
import { bySession } from './user-requests.ts';

/** The fields of an account, or of a change to it. */
export const ACCOUNT_FORM = multipartForm({ bytes: 16 * 1024, fields: 16 });

const ListQuery = z.strictObject({
  'not-just-user': flag('true: only accounts with a role other than user'),
  'via-ldap': flag('ignored, as in cc-backend'),
});

/** What the settings page of cc-backend's front end requests below /config, for admins (contract/rest.md §9, §10). */
export const adminRequests = new Hono<AppEnv>()
  .get('/config/users/', bySession(), admins(), async (c) => {
    return await listAccounts(c, readQuery(queryOf(c), ListQuery)['not-just-user']);
  })
  .on(['POST', 'PUT'], '/config/users/', bySession(), admins(), sameOrigin(), async (c) => {
    const account = await newAccount(c);
    await c.get('db').write('addAccount', account, c.get('deadline'));
    return plainText(`User ${account.username} successfully created!\n`);
  })
  .delete('/config/users/', bySession(), admins(), sameOrigin(), async (c) => {
    const username = queryOf(c).get('username') ?? text(await ACCOUNT_FORM.read(c), 'username');
    await c.get('db').write('deleteAccount', { username }, c.get('deadline'));
    return plainText('');
  })
  .post('/config/user/:id', bySession(), admins(), sameOrigin(), async (c) => {
    const form = await ACCOUNT_FORM.read(c);
    const kind = ACCOUNT_CHANGES.find((name) => text(form, name) !== '');
    if (kind === undefined) throw new Fault('invalid_request', `give one of ${ACCOUNT_CHANGES.join(', ')}`);
    const change = { kind, value: text(form, kind) };
    await c.get('db').write('changeAccount', { username: c.req.param('id'), change }, c.get('deadline'));
    return message(ACCOUNT_CHANGED[kind]);
  })
  .get('/config/roles/', bySession(), admins(), () => json(ROLES))
  .get('/config/taggers/', bySession(), admins(), () => json([]))
  .post('/config/taggers/run/', bySession(), admins(), sameOrigin(), () => {
    throw new Fault('not_found', 'cc-jobs has no taggers');
  })
  .post('/config/notice/', bySession(), admins(), sameOrigin(), () => {
    throw new Fault('not_found', 'cc-jobs has no notice on its first page');
  });

function admins(): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    requireAdministrator(c.get('user'));
    await next();
  };
}

/** Reads and checks a new account. Throws invalid_request, or `conflict` for a password that bcrypt would cut. */
async function newAccount(c: Context<AppEnv>) {
  const form = await ACCOUNT_FORM.read(c);
  const [username, password, role] = [text(form, 'username'), text(form, 'password'), text(form, 'role')];
  const [name, email, project] = [text(form, 'name'), text(form, 'email'), text(form, 'project')];
  if (!isUsername(username)) throw new Fault('invalid_request', `username must be ${USERNAME_RULE}`);
  if (!isRole(role)) throw new Fault('invalid_request', `role must be one of ${ROLES.join(', ')}`);
  if (password === '' && role !== 'api') throw new Fault('invalid_request', 'only an api account may lack a password');
  if ((project !== '') !== hasProjects(role)) {
    throw new Fault('invalid_request', 'a manager needs a project, and only a manager can have one');
  }
  if ([name, email, project].some(({ length }) => length > BOUNDS.text.most)) {
    throw new Fault('invalid_request', `name, email and project must have at most ${BOUNDS.text.most} characters`);
  }
  const problem = newPasswordProblem(password);
  if (problem !== undefined) throw new Fault('conflict', problem);
  const hash = c.get('service').hashPassword ?? hashPassword;
  return {
    username,
    password: password === '' ? null : await hash(password),
    name,
    email,
    roles: [role],
    projects: project === '' ? [] : [project],
  };
}

function text(form: URLSearchParams, name: string): string {
  return form.get(name) ?? '';
}
