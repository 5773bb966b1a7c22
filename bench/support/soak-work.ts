import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { openSqlite } from '../../test/support/sqlite.ts';
import { COMMAND, environment, type Files, VAR } from './database.ts';

/** Backups that are kept. */
const KEEP = 3;
/** The part of the jobs that each retention deletes, the oldest first, and the part that all of them delete. */
const DELETED_PART = 0.01;
const MOST_DELETED_PART = 0.5;
const DAY_SEC = 86_400;

interface WorkOptions {
  pid: number;
  files: Files;
  /** For backups and exported jobs. */
  folder: string;
  jobs: number;
  everyMs: number;
}

/** What the operators of a service do while it runs: a backup, then retention, then a reload, and again. */
export class SoakWork {
  rounds = 0;
  readonly backupSec: number[] = [];
  readonly retentionSec: number[] = [];
  deleted = 0;
  /** The last lines of commands that failed. */
  readonly failures: string[] = [];
  readonly #options: WorkOptions;
  readonly #stopping = new AbortController();
  #ended: Promise<void> = Promise.resolve();

  constructor(options: WorkOptions) {
    this.#options = options;
  }

  start(): void {
    this.#ended = this.#repeat();
  }

  /** Ends after the command that runs. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#ended;
  }

  /** The names of the backups that are there. */
  async backups(): Promise<string[]> {
    return await readdir(this.#backupFolder());
  }

  async #repeat(): Promise<void> {
    await mkdir(this.#backupFolder());
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      await sleep(this.#options.everyMs, undefined, { signal }).catch(() => {}); // it stops
      if (signal.aborted) return;
      this.rounds += 1;
      const backup = await this.#command(['backup', this.#backupFolder(), '--keep', String(KEEP)]);
      this.backupSec.push(backup.seconds);
      const older = `${this.#days(Math.min(MOST_DELETED_PART, this.rounds * DELETED_PART))}d`;
      const file = join(this.#options.folder, `deleted-${this.rounds}.ndjson.gz`);
      const retention = await this.#command(['retention', '--older-than', older, '--export', file]);
      this.retentionSec.push(retention.seconds);
      this.deleted += Number(retention.result['deleted'] ?? 0);
      process.kill(this.#options.pid, 'SIGHUP');
    }
  }

  /** The age in days of the job before which this part of the generated jobs started. */
  #days(part: number): number {
    const db = openSqlite(this.#options.files.db, 5_000);
    try {
      // Ids follow the starts, and other jobs have higher ids.
      const id = Math.ceil(part * this.#options.jobs);
      const { start } = db.prepare('SELECT min(start_time) AS start FROM job WHERE id >= ?').get([id]);
      return Math.max(1, Math.floor((Date.now() / 1000 - start) / DAY_SEC));
    } finally {
      db.close();
    }
  }

  /** Runs a command with --json, and returns its result. */
  async #command(args: string[]): Promise<{ seconds: number; result: Record<string, unknown> }> {
    const child = spawn(COMMAND, [...args, '--json'], {
      env: environment(this.#options.files),
      stdio: ['ignore', 'ignore', 'pipe'],
      cwd: VAR,
    });
    let text = '';
    child.stderr.setEncoding('utf8').on('data', (chunk) => {
      text += chunk;
    });
    const [code] = await once(child, 'close');
    const last = text.trimEnd().split('\n').at(-1) ?? '';
    if (code !== 0) this.failures.push(`${args[0]} (${code}): ${last}`);
    const { seconds = 0, result = {} } = code === 0 ? JSON.parse(last) : {};
    return { seconds, result };
  }

  #backupFolder(): string {
    return join(this.#options.folder, 'backups');
  }
}
