/** --json of the commands that take a while: every line of standard error is a step, the last one the result or error. */
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { expect, onTestFinished, test, vi } from 'vitest';
import { z } from 'zod';
import { COMMANDS } from '../../src/commands/commands.ts';
import { runWithSteps, StepLines, takesJson } from '../../src/commands/json-output.ts';
import { Progress } from '../../src/commands/progress.ts';
import { run } from '../support/command-line.ts';
import { testFolder } from '../support/folder.ts';

const seconds = z.number().min(0);
const count = z.int().min(0);
const result = z.record(z.string(), z.unknown());
const Step = z.union([
  z.strictObject({ what: z.literal('note'), text: z.string().min(1), seconds }),
  z.strictObject({ what: z.literal('bad record'), where: z.string(), reason: z.string(), seconds }),
  z.strictObject({ what: z.string(), done: count, total: count.optional(), counts: result.optional(), seconds }),
]);
const End = z.union([
  z.strictObject({ result, seconds }),
  z.strictObject({
    error: z.strictObject({ code: z.string().regex(/^[a-z_]+$/), message: z.string().min(1) }),
    result: result.optional(),
    seconds,
  }),
]);

/** Checks each line, and returns the steps and the last line. */
function linesOf(stderr: string) {
  const lines = stderr.trimEnd().split('\n');
  const end = End.parse(JSON.parse(lines.pop() ?? ''));
  return { steps: lines.map((line) => Step.parse(JSON.parse(line))), end };
}

/** Runs a command of the table in this process. */
async function inProcess(name: string, args: string[], env: Record<string, string> = {}) {
  const command = await COMMANDS.find((entry) => entry.name === name)?.load();
  if (command === undefined) throw new Error(`no command ${name}`);
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const io = { env, stdin: new PassThrough(), stdout, stderr, signal: new AbortController().signal };
  const code = await runWithSteps(command, args, io);
  stdout.end();
  stderr.end();
  return { code, stdout: await text(stdout), ...linesOf(await text(stderr)) };
}

test('every command has --json, from here or of its own, or ends within a moment', async () => {
  for (const { name, load } of COMMANDS) {
    const command = await load();
    const isOwn = /(?<![\w-])--json\b/.test(command.usage);
    expect([command.isShort === true, isOwn, takesJson(command)].filter(Boolean), name).toHaveLength(1);
    if (!takesJson(command)) continue;
    const { code, stdout, steps, end } = await inProcess(name, ['--no-such-option']);
    expect({ code, stdout, steps, end }, name).toEqual({
      code: 2,
      stdout: '',
      steps: [],
      end: { error: { code: 'invalid_command_line', message: expect.any(String) }, seconds: expect.any(Number) },
    });
  }
});

test('a load, a backup, a restore and an export report steps and results', async () => {
  const cwd = testFolder();
  const generated = await run(cwd, ['generate', '--json', '--jobs', '20', '--archived', '0']);
  expect({ ...generated, stderr: '' }, generated.stderr).toEqual({ code: 0, stdout: '', stderr: '' });
  const { steps, end } = linesOf(generated.stderr);
  expect(steps).toContainEqual(expect.objectContaining({ text: expect.stringContaining('building index') }));
  expect(end).toMatchObject({ result: { read: 20, imported: 20, bad: 0, complete: true } });
  expect((await run(cwd, ['generate', '--help'])).stdout).toContain('--json');

  const env = { DB_URL: `file:${join(cwd, 'var/job.db')}` };
  const copy = join(cwd, 'copy.db');
  const backup = await inProcess('backup', [copy], env);
  expect(backup).toMatchObject({ code: 0, stdout: `${copy}\n`, end: { result: { path: copy, jobs: 20 } } });
  const restored = await inProcess('restore', [copy], { DB_URL: `file:${join(cwd, 'new.db')}` });
  expect(restored).toMatchObject({ code: 0, end: { result: { path: join(cwd, 'new.db'), jobs: 20 } } });
  const exported = await inProcess('export', ['jobs', '--format', 'ndjson'], env);
  const rows = exported.stdout.trim().split('\n'); // 20 jobs, and the line that shows that nothing is missing
  expect([rows.length, exported.end]).toMatchObject([21, { result: { jobs: 20 } }]);
  const migrated = await inProcess('migrate', [], { ...env, ARCHIVE_PATH: join(cwd, 'var/job-archive') });
  expect(migrated.end).toMatchObject({ result: { created: false, applied: [] } });
});

test('what fails has an error last, and what was done', async () => {
  const cwd = testFolder();
  const env = { DB_URL: `file:${join(cwd, 'job.db')}`, ARCHIVE_PATH: join(cwd, 'archive') };
  const missing = await inProcess('restore', [join(cwd, 'nothing.db')], env);
  expect(missing).toMatchObject({
    code: 2,
    end: { error: { code: 'refused', message: expect.stringContaining('no') } },
  });
  const log = join(cwd, 'small.swf');
  writeFileSync(log, '; UnixStartTime: 1700000000\n1 0 5 60 4 -1 -1 4 60 -1 1 1 1 -1 1 1 -1 -1\nno job\n');
  const { code, steps, end } = await inProcess('import', ['swf', log], env);
  expect([code, end]).toMatchObject([
    1,
    { error: { code: 'incomplete', message: expect.stringContaining('1 bad') }, result: { imported: 1, bad: 1 } },
  ]);
  expect(steps).toContainEqual(expect.objectContaining({ what: 'bad record', where: expect.stringContaining('3') }));
  expect(existsSync(join(cwd, 'job.db'))).toBe(true);
});

test('a step has what is done, the total if it is known, and comes once a second', async () => {
  vi.useFakeTimers({ toFake: ['performance'] });
  onTestFinished(() => void vi.useRealTimers());
  const stderr = new PassThrough();
  const lines = new StepLines(stderr);
  const progress = new Progress(lines, 400);
  vi.advanceTimersByTime(999);
  progress.counted('jobs deleted', 100);
  vi.advanceTimersByTime(1);
  progress.counted('jobs deleted', 200);
  new Progress(lines, undefined).copied(0);
  progress.bad({ where: 'line 7', reason: 'is empty' });
  lines.write('a note that');
  lines.write(' is long\n');
  progress.ended('done', { deleted: 400 });
  lines.ended(0, false);
  stderr.end();
  expect(linesOf(await text(stderr))).toEqual({
    steps: [
      { what: 'jobs deleted', done: 200, total: 400, seconds: 1 },
      { what: 'bad record', where: 'line 7', reason: 'is empty', seconds: 1 },
      { what: 'note', text: 'a note that is long', seconds: 1 },
      { what: 'note', text: 'done', seconds: 1 },
    ],
    end: { result: { deleted: 400 }, seconds: 1 },
  });
});
