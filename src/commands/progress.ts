import type { ImportCounts } from '../import/import-jobs.ts';
import type { CommandIo } from './command.ts';
import { type ResultFields, reportResult, StepLines } from './json-output.ts';

/** Interval of progress lines on a terminal, with --json, and in a log. */
const TERMINAL_EVERY_MS = 200;
const JSON_EVERY_MS = 1000;
const LOG_EVERY_MS = 5000;
/** Bad records that are shown individually. */
const REASONS_SHOWN = 20;

/**
 * Progress of a long task on standard error: a line that is redrawn on a terminal, JSON lines with --json, lines of text
 * otherwise.
 */
export class Progress {
  readonly #stderr: CommandIo['stderr'];
  readonly #total: number | undefined;
  readonly #startedAt = performance.now();
  #shownAt = performance.now();
  #isDrawn = false;
  #reasons = 0;

  /** `total` has the unit of the reported positions. Undefined if it is not known. */
  constructor(stderr: CommandIo['stderr'], total: number | undefined) {
    this.#stderr = stderr;
    this.#total = total;
  }

  get elapsedSec(): number {
    return (performance.now() - this.#startedAt) / 1000;
  }

  update(counts: Readonly<ImportCounts>, position: number): void {
    const { read, imported } = counts;
    const words = `${whole(read)} read, ${whole(imported)} imported, ${whole(read / this.elapsedSec)}/s`;
    this.#show(words, { what: 'import', done: position, counts });
  }

  #show(words: string, step: { what: string; done: number; counts?: ResultFields }): void {
    const now = performance.now();
    if (now - this.#shownAt < this.#everyMs()) return;
    this.#shownAt = now;
    const total = this.#total;
    if (this.#stderr instanceof StepLines) this.#stderr.step({ ...step, ...(total === undefined ? {} : { total }) });
    else this.#draw(words, step.done);
  }

  #everyMs(): number {
    if (this.#stderr instanceof StepLines) return JSON_EVERY_MS;
    return this.#stderr.isTTY ? TERMINAL_EVERY_MS : LOG_EVERY_MS;
  }

  #draw(words: string, position: number): void {
    const share = this.#total === undefined || this.#total === 0 ? undefined : position / this.#total;
    const left =
      share === undefined || share <= 0
        ? ''
        : `, ${Math.floor(share * 100)} %, ${duration((this.elapsedSec / share) * (1 - share))} left`;
    const line = `${words}${left}`;
    if (!this.#stderr.isTTY) this.#stderr.write(`${line}\n`);
    else this.#stderr.write(`\r\u001b[K${line}`);
    this.#isDrawn = this.#stderr.isTTY === true;
  }

  /** Shows the progress of a task that counts one kind of item. */
  counted(what: string, count: number): void {
    this.#show(`${whole(count)} ${what}, ${whole(count / this.elapsedSec)}/s`, { what, done: count });
  }

  /** Shows the progress of a copy. The total is in bytes, too. */
  copied(bytes: number): void {
    this.#show(`${whole(bytes / 2 ** 20)} MB copied`, { what: 'bytes copied', done: bytes });
  }

  /** Reports a bad record. Only the first ones are shown, the others are counted. */
  bad({ where, reason }: { where: string; reason: string }): void {
    this.#reasons++;
    if (this.#reasons === REASONS_SHOWN + 1) this.line('further bad records are only counted');
    if (this.#reasons > REASONS_SHOWN) return;
    if (this.#stderr instanceof StepLines) this.#stderr.step({ what: 'bad record', where, reason });
    else this.line(`${where}: ${reason}`);
  }

  /** Writes the last line, and for --json the same as numbers. */
  ended(text: string, result: ResultFields): void {
    this.line(text);
    reportResult({ stderr: this.#stderr }, result);
  }

  /** Writes a separate line. */
  line(text: string): void {
    if (this.#isDrawn) this.#stderr.write('\r\u001b[K');
    this.#isDrawn = false;
    this.#stderr.write(`${text}\n`);
  }
}

/** 1234567 as 1,234,567. */
export function whole(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

function duration(seconds: number): string {
  if (seconds < 60) return `${Math.ceil(seconds)} s`;
  return seconds < 3600 ? `${Math.ceil(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
}
