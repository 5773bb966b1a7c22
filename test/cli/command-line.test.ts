import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { COMMANDS } from '../../src/commands/commands.ts';
import { usageOf } from '../../src/commands/json-output.ts';
import { wrappedHelp } from '../../src/commands/wrapped-help.ts';
import { run } from '../support/command-line.ts';
import { testFolder } from '../support/folder.ts';

describe('the command line', () => {
  const names = COMMANDS.map(({ name }) => name);

  test('explains itself and every command', async () => {
    const cwd = testFolder();
    const help = await run(cwd, ['--help']);
    expect(help).toMatchObject({ code: 0, stderr: '' });
    for (const name of names) expect(help.stdout).toContain(`cc-jobs ${name}`);
    const usages = await Promise.all(names.map((name) => run(cwd, [name, '--help'])));
    for (const [at, { code, stdout, stderr }] of usages.entries()) {
      expect({ code, stderr }, names[at]).toEqual({ code: 0, stderr: '' });
      expect(stdout).toMatch(new RegExp(`^.*cc-jobs ${names[at]}`));
    }
    expect(readdirSync(cwd)).toEqual([]);
  });

  test.each([60, 80, 100])('is described in %i columns, with all words in their order', async (width) => {
    for (const { name, load } of COMMANDS) {
      const usage = usageOf(await load());
      const wrapped = wrappedHelp(usage, width);
      expect(wrapped.split(/\s+/), name).toEqual(usage.split(/\s+/));
      const tooLong = wrapped.split('\n').filter((line) => line.length > width && !/^ *\S+$/.test(line));
      expect(tooLong, name).toEqual([]);
    }
  });

  test('has each option on a line of its own, and no line of more than 100 columns', async () => {
    const { code, stdout } = await run(testFolder(), ['export', '--help']);
    expect(code).toBe(0);
    expect(stdout.split('\n').filter((line) => line.length > 100)).toEqual([]);
    expect(stdout.match(/^ {4}\S+/gm)).toEqual(
      ['FILTER', 'TABLE', 'PARAMETER', '--format', '--columns', '--output', '--pseudonyms', '--key'].map(
        (option) => `    ${option}`,
      ),
    );
  });

  test('tells its version', async () => {
    expect(await run(testFolder(), ['--version'])).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/),
    });
  });

  test.each([
    [['sing'], "unknown command 'sing'\n'cc-jobs --help' lists the commands\n"],
    [['serv'], "unknown command 'serv': did you mean serve?\n"],
    [['stauts'], "unknown command 'stauts': did you mean status?\n"],
    [['user-add'], "unknown command 'user-add'\n"],
    [[], 'cc-jobs serve'],
    [['token', '--user', 'ada'], '--roles is missing'],
    [['token', '--user', 'ada', '--roles', 'king'], "unknown role 'king'"],
    [['generate'], '--jobs is missing'],
    [['import', 'wishes', 'x'], "unknown kind of import 'wishes'"],
    [['sizing', '--memory', 'much'], '--memory must be a size'],
  ])('that is wrong, %j, ends with 2 and says why on standard error', async (args, why) => {
    const { code, stdout, stderr } = await run(testFolder(), args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(why);
    expect(stderr).not.toMatch(/^\s+at /m);
  });

  test('keys prints two lines for .env, and token with them a token alone', async () => {
    const cwd = testFolder();
    const keys = await run(cwd, ['keys']);
    expect(keys.stderr).toBe('');
    expect(keys.stdout).toMatch(/^JWT_PUBLIC_KEY=[A-Za-z0-9+/]{43}=\nJWT_PRIVATE_KEY=[A-Za-z0-9+/]{86}==\n$/);
    writeFileSync(join(cwd, '.env'), keys.stdout);
    const token = await run(cwd, ['token', '--user', 'robot', '--roles', 'api', '--days', '1']);
    expect(token).toMatchObject({ code: 0, stderr: '' });
    expect(token.stdout).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+\n$/);
  });

  test('sizing divides the memory, also for a libSQL server and a unit of systemd', async () => {
    const { code, stdout } = await run(testFolder(), ['sizing', '--memory', '8GB', '--cores', '4']);
    const limitMb = Number(/^DB_MEMORY_LIMIT_MB +(\d+) MB/m.exec(stdout)?.[1]);
    expect(code).toBe(0);
    expect(limitMb).toBeGreaterThan(1_000);
    expect(stdout).toMatch(/^ {2}sqld --soft-heap-limit-mb \d+ --hard-heap-limit-mb \d+$/m);
    expect(stdout).toContain(`DB_MEMORY_LIMIT_MB=${limitMb} in .env`);
    expect(stdout).toContain(`\n  MemoryMax=${Math.ceil(limitMb * 1.25)}M\n`);
  });

  test('token without a key names the command that makes one', async () => {
    const { code, stderr } = await run(testFolder(), ['token', '--user', 'robot', '--roles', 'api']);
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining("'cc-jobs keys >> .env'") });
  });
});
