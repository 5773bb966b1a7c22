import { createInterface } from 'node:readline';
import { type Readable, Writable } from 'node:stream';
import type { Command, CommandIo } from './command.ts';
import { explained } from './explain-error.ts';

/** What a command has achieved, by name. */
export type ResultFields = Readonly<Record<string, unknown>>;

/** A line of a command with --json. docs/operations.md has the format. */
export type StepLine = { readonly seconds: number } & (
  | { readonly what: string; readonly done: number; readonly total?: number; readonly counts?: ResultFields }
  | { readonly what: 'note'; readonly text: string }
  | { readonly what: 'bad record'; readonly where: string; readonly reason: string }
  | { readonly result: ResultFields }
  | { readonly error: { readonly code: string; readonly message: string }; readonly result?: ResultFields }
);
type WithoutSeconds<Line> = Line extends unknown ? Omit<Line, 'seconds'> : never;

/**
 * The standard error of a command with --json. Each step is a line with a JSON object. A line of text becomes a note, so
 * that nothing else is written, whatever the command calls.
 */
export class StepLines extends Writable {
  readonly #stderr: NodeJS.WritableStream;
  readonly #startedAt = performance.now();
  #unfinished = '';
  #lastNote = '';
  #result: ResultFields | undefined;

  constructor(stderr: NodeJS.WritableStream) {
    super({ decodeStrings: false, defaultEncoding: 'utf8' });
    this.#stderr = stderr;
  }

  step(line: WithoutSeconds<StepLine>): void {
    const seconds = Math.round(performance.now() - this.#startedAt) / 1000;
    this.#stderr.write(`${JSON.stringify({ ...line, seconds })}\n`);
  }

  /** Adds to the result, which is in the last line. */
  result(fields: ResultFields): void {
    this.#result = { ...this.#result, ...fields };
  }

  /** Writes the last line of a command that ended with this exit code. */
  ended(exitCode: number, isStopped: boolean): void {
    this.#note(this.#unfinished);
    if (exitCode === 0) this.step({ result: this.#result ?? {} });
    else this.#error(isStopped ? 'stopped' : 'incomplete', this.#lastNote);
  }

  /** Writes the last line of a command that threw this. Returns its exit code. */
  failed(error: unknown): number {
    const { exitCode, code, problems, trace } = explained(error);
    if (trace !== undefined) this.#note(trace);
    this.#error(code, problems.join('\n'));
    return exitCode;
  }

  #error(code: string, message: string): void {
    this.step({ error: { code, message }, ...(this.#result === undefined ? {} : { result: this.#result }) });
  }

  /** Writes the lines of another command with --json, whose result becomes a part of this one. */
  async passOn(lines: Readable): Promise<void> {
    for await (const line of createInterface({ input: lines })) {
      const step = stepIn(line);
      if (step === undefined) this.#note(line);
      else if ('error' in step) this.#note(step.error.message);
      else if ('result' in step) this.result(step.result);
      else this.#stderr.write(`${line}\n`);
    }
  }

  override _write(chunk: string | Buffer, _encoding: BufferEncoding, done: () => void): void {
    const lines = (this.#unfinished + chunk.toString()).split('\n');
    this.#unfinished = lines.pop() ?? '';
    for (const line of lines) this.#note(line);
    done();
  }

  #note(text: string): void {
    if (text === '') return;
    this.#lastNote = text;
    this.step({ what: 'note', text });
  }
}

/** Undefined for text, which a program writes that fails before it can do better. */
function stepIn(line: string): StepLine | undefined {
  try {
    return JSON.parse(line) as StepLine;
  } catch {
    return undefined;
  }
}

/** Adds to the result of a command with --json. */
export function reportResult({ stderr }: Pick<CommandIo, 'stderr'>, fields: ResultFields): void {
  if (stderr instanceof StepLines) stderr.result(fields);
}

const OWN_JSON = /(?<![\w-])--json\b/;

/** True for a command that gets --json from here: it runs long, and has no option of this name. */
export function takesJson({ usage, isShort }: Pick<Command, 'usage' | 'isShort'>): boolean {
  return isShort !== true && !OWN_JSON.test(usage);
}

/** The help of a command with all of its options. */
export function usageOf(command: Pick<Command, 'usage' | 'isShort'>): string {
  if (!takesJson(command)) return command.usage;
  return `${command.usage}\n\nWith --json, standard error has its steps as JSON lines, and last its result or error (docs/operations.md).`;
}

/** Runs a command with --json, which is no longer in `args`. Returns the exit code. */
export async function runWithSteps(command: Command, args: string[], io: CommandIo): Promise<number> {
  const lines = new StepLines(io.stderr);
  try {
    const exitCode = await command.run(args, { ...io, stderr: lines });
    lines.ended(exitCode, io.signal.aborted);
    return exitCode;
  } catch (error) {
    return lines.failed(error);
  }
}
