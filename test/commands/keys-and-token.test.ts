import { PassThrough } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { type Command, UsageError } from '../../src/commands/command.ts';
import { keysCommand } from '../../src/commands/keys.ts';
import { tokenCommand } from '../../src/commands/token.ts';
import { importPublicKey } from '../../src/http/auth/signing-keys.ts';
import { verifyToken } from '../../src/http/auth/token.ts';
import { StartupError } from '../../src/startup-error.ts';

async function run(command: Command, args: string[], env: Record<string, string> = {}) {
  const stdout = new PassThrough();
  const stderr = new PassThrough();
  const code = await command.run(args, {
    env,
    stdin: new PassThrough(),
    stdout,
    stderr,
    signal: new AbortController().signal,
  });
  return { code, out: String(stdout.read() ?? ''), err: String(stderr.read() ?? '') };
}

async function pair(): Promise<{ JWT_PUBLIC_KEY: string; JWT_PRIVATE_KEY: string }> {
  const { out } = await run(keysCommand, []);
  const [, JWT_PUBLIC_KEY = '', JWT_PRIVATE_KEY = ''] = /^JWT_PUBLIC_KEY=(.+)\nJWT_PRIVATE_KEY=(.+)\n$/.exec(out) ?? [];
  return { JWT_PUBLIC_KEY, JWT_PRIVATE_KEY };
}

test('keys prints a public key of 32 bytes and a private one of 64 that ends in it', async () => {
  const { JWT_PUBLIC_KEY, JWT_PRIVATE_KEY } = await pair();
  const publicKey = Buffer.from(JWT_PUBLIC_KEY, 'base64');
  const privateKey = Buffer.from(JWT_PRIVATE_KEY, 'base64');
  expect([publicKey.length, privateKey.length]).toEqual([32, 64]);
  expect(privateKey.subarray(32)).toEqual(publicKey);
});

describe('token', () => {
  const nowSec = Math.floor(Date.now() / 1000);

  test('prints a token that the public key checks, and nothing else', async () => {
    const keys = await pair();
    const { code, out, err } = await run(tokenCommand, ['--user', 'ada', '--roles', 'user,api', '--days', '1'], keys);
    expect([code, err]).toEqual([0, '']);
    const key = await importPublicKey(keys.JWT_PUBLIC_KEY);
    expect(await verifyToken(out.trim(), key, nowSec)).toEqual({ user: 'ada', roles: ['user', 'api'] });
    await expect(verifyToken(out.trim(), key, nowSec + 86_410)).rejects.toThrow('expired');
  });

  test('without --days does not expire', async () => {
    const keys = await pair();
    const { out } = await run(tokenCommand, ['--user', 'ada', '--roles', 'api'], keys);
    expect(await verifyToken(out.trim(), await importPublicKey(keys.JWT_PUBLIC_KEY), 1e12)).toBeDefined();
  });

  test.each([
    [['--roles', 'api'], '--user'],
    [['--user', 'ada'], '--roles'],
    [['--user', 'ada', '--roles', 'root'], "'root'"],
    [['--user', 'ada', '--roles', 'api', '--days', '0'], '--days'],
    [['--user', 'ada', '--roles', 'api', '--days', '1.5'], '--days'],
    [['--colour', 'red'], '--colour'],
  ])('refuses %j', async (args, name) => {
    const keys = await pair();
    await expect(run(tokenCommand, args, keys)).rejects.toThrow(UsageError);
    await expect(run(tokenCommand, args, keys)).rejects.toThrow(name);
  });

  test('without a key names keys', async () => {
    await expect(run(tokenCommand, ['--user', 'a', '--roles', 'api'])).rejects.toThrow(/cc-jobs keys/);
  });

  test('with a key that is none does not repeat it', async () => {
    const secret = Buffer.alloc(64, 7).toString('base64');
    for (const JWT_PRIVATE_KEY of ['secret', secret]) {
      const failure = run(tokenCommand, ['--user', 'a', '--roles', 'api'], { JWT_PRIVATE_KEY });
      await expect(failure).rejects.toThrow(StartupError);
      await expect(failure).rejects.not.toThrow(JWT_PRIVATE_KEY);
    }
  });
});
