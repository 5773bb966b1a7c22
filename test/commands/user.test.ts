import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { compare } from 'bcryptjs';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { UsageError } from '../../src/commands/command.ts';
import { userCommand } from '../../src/commands/user.ts';
import { StartupError } from '../../src/startup-error.ts';
import { testFolder } from '../support/folder.ts';
import { databaseFile } from '../support/local-database.ts';
import { openSqlite } from '../support/sqlite.ts';
import { DIRECTORY_SETTINGS, testDirectory } from '../support/test-directory.ts';

let path: string;
beforeEach(async () => {
  path = await databaseFile();
});

async function user(args: string, typed?: string, more: Record<string, string> = {}) {
  const stdin = new PassThrough();
  if (typed !== undefined) stdin.end(typed);
  const stdout = new PassThrough();
  const stderr = new PassThrough();
  const env = { DB_URL: `file:${path}`, ...more };
  const io = { env, stdin, stdout, stderr, signal: new AbortController().signal };
  const code = await userCommand.run(
    args.split(' ').map((part) => part.replaceAll('~', ' ')),
    io,
  );
  return { code, out: String(stdout.read() ?? ''), err: String(stderr.read() ?? '') };
}

async function account(name: string) {
  const db = openSqlite(path, 1_000);
  try {
    const [row] = await (await db.prepare('SELECT * FROM hpc_user WHERE username = ?')).all([name]);
    return row;
  } finally {
    db.close();
  }
}

test('an account is added, listed, changed and deleted', async () => {
  expect(await user('add ada --roles user,api --name Ada~L. --email ada@example.org')).toMatchObject({
    code: 0,
    out: '',
  });
  await user('add max --roles manager --projects p1,p2');
  expect((await user('list')).out).toBe('ada\tuser,api\t\tAda L.\tada@example.org\nmax\tmanager\tp1,p2\t\t\n');
  expect(await account('ada')).toMatchObject({ password: null, ldap: 0, roles: '["user","api"]', projects: '[]' });
  await user('change ada --roles admin,api');
  expect(await account('ada')).toMatchObject({ roles: '["admin","api"]', name: 'Ada L.', email: 'ada@example.org' });
  await user('delete ada');
  expect(await account('ada')).toBeUndefined();
});

test('a change or deletion says what it does not end', async () => {
  const strict = { JWT_VALIDATE_USER: 'on' };
  await user('add ada --roles user,api');
  expect((await user('change ada --name Ada')).err).toBe('changed ada\n');
  expect((await user('change ada --roles user')).err).toMatch(
    /Existing sessions and tokens keep their rights.*SESSION_KEY/,
  );
  expect((await user('change ada --roles api', undefined, strict)).err).toMatch(
    /also applies to existing sessions and tokens/,
  );
  expect((await user('change ada --password', 'battery', strict)).err).toMatch(
    /Existing sessions and tokens stay valid.*SESSION_KEY/,
  );
  expect((await user('delete ada')).err).toMatch(/^deleted ada\nExisting sessions and tokens keep their rights/);
  await user('add ada --roles user,api');
  expect((await user('delete ada', undefined, strict)).err).toMatch(
    /^deleted ada\nJWT_VALIDATE_USER is on: this also applies/,
  );
});

test('a password is stored as bcrypt of cost 10, as cc-backend writes it, and can be taken away', async () => {
  await user('add ada --roles user --password', 'correct horse\nmore\n');
  const { password } = await account('ada');
  expect(password).toMatch(/^\$2a\$10\$.{53}$/);
  expect(await compare('correct horse', password)).toBe(true);
  await user('change ada --password', 'battery');
  expect(await compare('battery', (await account('ada')).password)).toBe(true);
  await user('change ada --no-password');
  expect(await account('ada')).toMatchObject({ password: null, roles: '["user"]' });
});

test.each([
  ['', /use list, add, change, delete or sync-ldap/],
  ['sync-ldap ada', /takes no NAME/],
  ['delete ada --delete', /--delete is an option of user sync-ldap/],
  ['add', /takes one NAME/],
  ['list ada', /takes no NAME/],
  ['add ada', /--roles is missing/],
  ['add ada --roles king', /unknown role 'king'/],
  ['add ada --roles ,', /--roles is empty/],
  ['add ada --roles manager', /a manager needs --projects/],
  ['add ada --roles user --projects p', /only a manager can have projects/],
  [`add ${'x'.repeat(101)} --roles user`, /a name must be a text of 1 to 100 bytes/],
  ['change ada', /give at least one change/],
  ['change ada --password --no-password', /--password and --no-password exclude each other/],
  ['add ada --roles user --colour red', /colour/],
])('%j is a wrong command line', async (args, why) => {
  const attempt = user(args);
  await expect(attempt).rejects.toBeInstanceOf(UsageError);
  await expect(attempt).rejects.toThrow(why);
});

test.each([
  ['an empty one', '\n', /the password is empty/],
  ['none', '', /the password is empty/],
  ['one of 73 bytes', `${'ä'.repeat(36)}x`, /at most 72 bytes/],
])('a password that is %s is refused, and nothing is stored', async (_, typed, why) => {
  await expect(user('add ada --roles user --password', typed)).rejects.toThrow(why);
  expect(await account('ada')).toBeUndefined();
});

test('what is there already, or is not there, is said', async () => {
  await user('add ada --roles user');
  await expect(user('add ada --roles admin')).rejects.toThrow(new StartupError('the user "ada" already exists'));
  await expect(user('change bob --roles user')).rejects.toThrow(/no such user: "bob"/);
  await expect(user('delete bob')).rejects.toThrow(/no such user: bob/);
  expect(await account('ada')).toMatchObject({ roles: '["user"]' });
});

test('a file that is not there is not made', async () => {
  path = join(testFolder(), 'other.db');
  await expect(user('list')).rejects.toThrow(/no such file/);
});

test('sync-ldap creates the accounts of a directory, and with --delete deletes those that it does not have', async () => {
  const directory = await testDirectory();
  onTestFinished(() => directory.close());
  const settings = { AUTH: 'none', LDAP_URL: directory.url, ...DIRECTORY_SETTINGS };
  const sync = async (args: string) => (await user(`sync-ldap${args}`, undefined, settings)).err;
  await user('add ada --roles admin');
  expect(await sync('')).toBe('4 users in the directory: created 3 accounts, deleted 0\n');
  directory.people = directory.people.filter(({ uid }) => uid !== 'lea');
  expect(await sync('')).toBe('3 users in the directory: created 0 accounts, deleted 0\n');
  expect(await sync(' --delete')).toBe('3 users in the directory: created 0 accounts, deleted 1\n');
  const { out } = await user('list');
  expect(out).toContain('ada\tadmin\t');
  expect(out).toContain('ldap\tuser\t\tLena L.\t');
  await directory.close();
  await expect(user('sync-ldap', undefined, settings)).rejects.toThrow(
    'LDAP_URL: directory-unreachable: TLS: ECONNREFUSED',
  );
  await expect(user('sync-ldap', undefined, { AUTH: 'none' })).rejects.toThrow('LDAP_URL is missing');
});
