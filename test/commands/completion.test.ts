/** What shells complete, and the manual page. Both are made of the commands' help. */
import { execFileSync, spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import type { Command, NamedCommand } from '../../src/commands/command.ts';
import { completionCommand } from '../../src/commands/completion.ts';
import { manualCommand } from '../../src/commands/manual.ts';

const hasProgram = (name: string) => spawnSync(name, ['--version']).error === undefined;
const command = (name: string, summary: string, usage: string): NamedCommand => ({
  ...{ name, summary, usage },
  run: async () => 0,
});
const COMMANDS = [
  command(
    'export',
    "write a user's jobs: CSV",
    'export --format csv [--output FILE]\n.dots and \\slashes, as --format says',
  ),
  command('expire', 'delete', 'expire --days N'),
];

async function printed(made: Command, args: string[]): Promise<string> {
  const parts: string[] = [];
  const stdout = { write: (part: string) => parts.push(part) };
  expect(await made.run(args, { stdout } as never)).toBe(0);
  return parts.join('');
}
const script = (shell: string) =>
  printed(
    completionCommand(async () => COMMANDS),
    [shell],
  );

test.skipIf(!hasProgram('bash'))('bash completes commands and the options of a command', async () => {
  const text = await script('bash');
  const completed = (...words: string[]) => {
    const last = words.at(-1);
    const line = `COMP_WORDS=(cc-jobs ${words.join(' ')}); COMP_CWORD=${words.length}; _cc_jobs cc-jobs '${last}'; echo "\${COMPREPLY[*]}"`;
    return execFileSync('bash', ['-c', `${text}\n${line}`], { encoding: 'utf8' }).trim();
  };
  expect(completed('ex')).toBe('export expire');
  expect(completed('expo')).toBe('export');
  expect(completed('export', '--')).toBe('--format --help --output');
  expect(completed('expire', '--d')).toBe('--days');
  expect(completed('export', 'file')).toBe(''); // bash then completes file names
  expect(completed('unknown', '--')).toBe('');
});

test('zsh and fish get each command with its summary, and its options', async () => {
  const zsh = await script('zsh');
  expect(zsh).toContain("'export:write a user'\\''s jobs: CSV'");
  expect(zsh).toContain('export) compadd -- --format --help --output ;;');
  const fish = await script('fish');
  expect(fish).toContain("-a export -d 'write a user'\\''s jobs: CSV'\n");
  expect(fish.match(/-l format$/gm)).toHaveLength(1);
});

test.each([[[]], [['tcsh']], [['constructor']], [['bash', 'zsh']]])('%j is refused', async (args) => {
  await expect(completionCommand(async () => COMMANDS).run(args, {} as never)).rejects.toThrow('name one shell');
});

test('no line of a help is a request of the manual page', async () => {
  const page = await printed(
    manualCommand(async () => COMMANDS),
    [],
  );
  expect(page).toContain(
    ".SS export: write a user's jobs: CSV\n.nf\nexport \\-\\-format csv [\\-\\-output FILE]\n\\&.dots and \\eslashes",
  );
  if (!hasProgram('groff')) return;
  const shown = spawnSync('groff', ['-man', '-Tascii', '-ww', '-P-c'], { input: page, encoding: 'utf8' });
  expect(shown.stderr).toBe('');
  expect(shown.stdout).toContain('.dots and \\slashes, as --format says');
});
