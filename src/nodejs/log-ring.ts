import type { LogEntry } from '../log.ts';

const MOST_LINES = 2_000;
const MOST_CHARACTERS = 1024 * 1024;

/** The newest lines of the log, in memory. */
export class LogRing {
  readonly #lines: string[] = [];
  #characters = 0;

  /** Adds a line in the form of pino. */
  add(line: string): void {
    this.#lines.push(line);
    this.#characters += line.length;
    while (this.#lines.length > MOST_LINES || this.#characters > MOST_CHARACTERS) {
      this.#characters -= this.#lines.shift()?.length ?? 0;
    }
  }

  /** The lines, oldest first. */
  entries(): LogEntry[] {
    return this.#lines.map(entryOf);
  }
}

/** The least level of pino for each severity of syslog. */
const PRIORITIES = [
  [60, 2],
  [50, 3],
  [40, 4],
  [30, 6],
] as const;
const DEBUG = 7;

function entryOf(line: string): LogEntry {
  const { level, time, msg, ...fields } = JSON.parse(line) as { level: number; time: number; msg?: string };
  const [, priority] = PRIORITIES.find(([least]) => level >= least) ?? [0, DEBUG];
  const details = Object.keys(fields).length === 0 ? '' : ` ${JSON.stringify(fields)}`;
  return { atMs: time, priority, message: `${msg ?? ''}${details}` };
}
