import type { Database } from '../db/port.ts';
import { users } from '../db/statements/users.ts';
import { type Deadline, within } from '../deadline.ts';
import { Fault } from '../faults.ts';
import { hashPassword, PASSWORD_RULE } from '../http/auth/new-password.ts';
import { isUsername, USERNAME_RULE } from '../jobs/account.ts';
import { BOUNDS } from '../jobs/input-bounds.ts';
import { hasProjects, isRole, ROLES } from '../jobs/roles.ts';
import type { Directory } from '../login-directory.ts';
import { howMany } from '../pages/format.ts';
import { settingsOnNode } from '../settings-by-deployment.ts';
import { StartupError } from '../startup-error.ts';
import { syncDirectory } from '../timed/sync-ldap-accounts.ts';
import { type Command, type CommandIo, parsedArguments, UsageError } from './command.ts';
import { loadTarget, withExisting } from './open-database.ts';
import { readPassword } from './read-password.ts';

/** Limit for one small transaction, also on a file that a service uses. */
const LIMIT_MS = 30_000;

export const userCommand: Command = {
  usage: `cc-jobs user list
cc-jobs user add NAME --roles ROLE,ROLE [--name TEXT] [--email TEXT] [--projects P,P] [--password]
cc-jobs user change NAME [--roles …] [--name …] [--email …] [--projects …] [--password | --no-password]
cc-jobs user delete NAME
cc-jobs user sync-ldap [--delete]
    --roles LIST      any of ${ROLES.join(', ')}
    --projects LIST   projects of a manager
    --password        set a password: prompts on a terminal, otherwise reads one line of standard input; ${PASSWORD_RULE}
    --no-password     remove the password, so that the account cannot log in with one
    --delete          also delete accounts that are no longer in the directory

Works on the file of DB_URL, also while it is being served. Deleting an account deletes its settings; its jobs and tags
stay. Existing sessions and tokens stay valid unless JWT_VALIDATE_USER=on; a new password does not end them. sync-ldap creates an account with the role user
for each user of the directory of LDAP_URL.`,
  isShort: true,
  async run(args, io) {
    const { positionals, values } = parseCommandLine(args);
    const [action, name, ...more] = positionals;
    for (const text of [values.name, values.email, ...listOf(values.projects)]) {
      if (text !== undefined && text.length > BOUNDS.text.most)
        throw new UsageError(`--name, --email and each of --projects must have at most ${BOUNDS.text.most} characters`);
    }
    if (listOf(values.projects).length > BOUNDS.projectsOfAccount.most)
      throw new UsageError(`an account has at most ${BOUNDS.projectsOfAccount.most} projects`);
    const run = action !== undefined && Object.hasOwn(ACTIONS, action) ? ACTIONS[action] : undefined;
    if (action === undefined || run === undefined) throw new UsageError('use list, add, change, delete or sync-ldap');
    const takesName = action !== 'list' && action !== 'sync-ldap';
    if (more.length > 0 || (name === undefined) === takesName)
      throw new UsageError(`user ${action} takes ${takesName ? 'one' : 'no'} NAME`);
    if (values.delete === true && action !== 'sync-ldap')
      throw new UsageError('--delete is an option of user sync-ldap');
    return await withExisting(loadTarget(io), async (db) => {
      try {
        return await run({ db, io, name: name ?? '', values });
      } catch (error) {
        if (error instanceof Fault && error.code === 'conflict') throw new StartupError(error.message);
        if (error instanceof Fault && error.code === 'login_unavailable')
          throw new StartupError(`LDAP_URL: ${error.message}`);
        throw error;
      }
    });
  },
};

type Values = ReturnType<typeof parseCommandLine>['values'];
interface Action {
  db: Database;
  io: CommandIo;
  name: string;
  values: Values;
}

const ACTIONS: Readonly<Record<string, (action: Action) => Promise<number>>> = {
  async list({ db, io }) {
    const all = await within(LIMIT_MS, (deadline) => db.read(users(), deadline));
    for (const { username, roles, projects, name, email } of all) {
      io.stdout.write(`${[username, roles.join(','), projects.join(','), name, email].join('\t')}\n`);
    }
    return 0;
  },
  async add({ db, io, name: username, values }) {
    if (!isUsername(username)) throw new UsageError(`a name must be ${USERNAME_RULE}`);
    if (values['no-password'] === true) throw new UsageError('--no-password is an option of user change');
    if (values.roles === undefined) throw new UsageError('--roles is missing');
    const roles = rolesOf(values.roles);
    const projects = listOf(values.projects);
    if (projects.length > 0 && !roles.some(hasProjects)) throw new UsageError('only a manager can have projects');
    if (projects.length === 0 && roles.some(hasProjects)) throw new UsageError('a manager needs --projects');
    const password = values.password === true ? await hashPassword(await readPassword(io)) : null;
    const account = { username, password, name: values.name ?? '', email: values.email ?? '', roles, projects };
    await within(LIMIT_MS, (deadline) => db.write('addAccount', account, deadline));
    io.stderr.write(`added ${username}\n`);
    return 0;
  },
  async change({ db, io, name: username, values }) {
    if (values.password === true && values['no-password'] === true)
      throw new UsageError('--password and --no-password exclude each other');
    const edit = {
      ...(values.roles === undefined ? {} : { roles: rolesOf(values.roles) }),
      ...(values.projects === undefined ? {} : { projects: listOf(values.projects) }),
      ...(values.name === undefined ? {} : { name: values.name }),
      ...(values.email === undefined ? {} : { email: values.email }),
      ...(values['no-password'] === true ? { password: null } : {}),
      ...(values.password === true ? { password: await hashPassword(await readPassword(io)) } : {}),
    };
    if (Object.keys(edit).length === 0) throw new UsageError('give at least one change');
    await within(LIMIT_MS, (deadline) => db.write('editAccount', { username, edit }, deadline));
    const changesRights = edit.roles !== undefined || edit.projects !== undefined;
    const changesPassword = 'password' in edit;
    io.stderr.write(`changed ${username}\n${changesRights || changesPassword ? whatHolds(io, changesPassword) : ''}`);
    return 0;
  },
  async delete({ db, io, name: username }) {
    const { deleted } = await within(LIMIT_MS, (deadline) => db.write('deleteAccount', { username }, deadline));
    if (deleted === 0) throw new StartupError(`no such user: ${username}`);
    io.stderr.write(`deleted ${username}\n${whatHolds(io, false)}`);
    return 0;
  },
  async 'sync-ldap'({ db, io, values }) {
    const directory = await directoryOf(io);
    const step = <Result>(run: (deadline: Deadline) => Promise<Result>) => within(LIMIT_MS, run);
    const {
      users: found,
      created,
      deleted,
    } = await syncDirectory({ db, directory, deletes: values.delete === true, step });
    io.stderr.write(
      `${howMany(found ?? 0, 'user')} in the directory: created ${howMany(created ?? 0, 'account')}, deleted ${deleted}\n`,
    );
    return 0;
  },
};

/** The library is only loaded here. */
async function directoryOf(io: CommandIo): Promise<Directory> {
  const { values } = settingsOnNode(io);
  if (values.LDAP_URL === undefined) throw new StartupError('LDAP_URL is missing: user sync-ldap requires it');
  const missing = (['LDAP_USER_BASE', 'LDAP_SEARCH_DN', 'LDAP_ADMIN_PASSWORD'] as const).filter(
    (name) => values[name] === undefined,
  );
  if (missing.length > 0)
    throw new StartupError(missing.map((name) => `${name} is missing: user sync-ldap requires it`));
  const { openLdapDirectory } = await import('../nodejs/ldap-directory.ts');
  return await openLdapDirectory(values);
}

/** States what stays valid: tokens and sessions are signed but not stored, so the command cannot end them. */
function whatHolds({ env }: CommandIo, changesPassword: boolean): string {
  const old = 'sessions until SESSION_MAX_AGE_S has passed, tokens until they expire';
  const how = 'To end all sessions, change SESSION_KEY; to end all tokens, change the JWT keys.';
  if (env['JWT_VALIDATE_USER'] !== 'on') {
    return `Existing sessions and tokens keep their rights: ${old}. ${how}
JWT_VALIDATE_USER is off: with JWT_VALIDATE_USER=on the service checks the account at each request.\n`;
  }
  if (changesPassword) return `Existing sessions and tokens stay valid: ${old}. ${how}\n`;
  return 'JWT_VALIDATE_USER is on: this also applies to existing sessions and tokens, from their next request on.\n';
}

function rolesOf(text: string): string[] {
  const roles = listOf(text);
  const unknown = roles.find((role) => !isRole(role));
  if (unknown !== undefined) throw new UsageError(`unknown role '${unknown}': use ${ROLES.join(', ')}`);
  if (roles.length === 0) throw new UsageError('--roles is empty');
  return roles;
}

function listOf(text = ''): string[] {
  return [...new Set(text.split(',').map((part) => part.trim()))].filter((part) => part !== '');
}

function parseCommandLine(args: string[]) {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  const options = {
    roles: text,
    name: text,
    email: text,
    projects: text,
    password: flag,
    'no-password': flag,
    delete: flag,
  };
  return parsedArguments({ args, allowPositionals: true, options });
}
