import { setTimeout as sleep } from 'node:timers/promises';
import type { Database } from '../../src/db/port.ts';

const LOOK_MS = 5;
type Role = 'reader' | 'writer';

/**
 * Kills processes and measures how long the pool lacks them. The k-th killed process of a role counts as replaced by
 * the k-th process of this role that becomes ready afterwards.
 */
export class Strength {
  readonly kills = { reader: 0, writer: 0 };
  /** For each kill, the time until its replacement is ready. */
  readonly backMs: number[] = [];
  readonly #db: Database;
  readonly #size: number;
  readonly #waiting: Record<Role, number[]> = { reader: [], writer: [] };
  readonly #known = new Set<number>();
  readonly #killed = new Set<number>();
  readonly #timer: NodeJS.Timeout;

  constructor(db: Database, size: number) {
    this.#db = db;
    this.#size = size;
    this.#timer = setInterval(() => this.#look(), LOOK_MS);
  }

  /** Kills a ready process of a role. Does nothing if there is none. */
  kill(role: Role): void {
    const some = this.#serving().filter((one) => one.role === role);
    const one = some[Math.floor(Math.random() * some.length)];
    if (one === undefined) return;
    process.kill(one.pid, 'SIGKILL');
    this.#killed.add(one.pid);
    this.#waiting[role].push(performance.now());
    this.kills[role]++;
  }

  /** Resolves when all processes are ready. */
  async full(limitMs: number): Promise<void> {
    const until = performance.now() + limitMs;
    while (this.#serving().length < this.#size) {
      if (performance.now() > until) throw new Error('the pool did not get to its full strength');
      await sleep(LOOK_MS);
    }
    this.#look();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #serving() {
    return this.#db
      .status()
      .processes.filter(({ pid, state }) => (state === 'idle' || state === 'busy') && !this.#killed.has(pid));
  }

  #look(): void {
    for (const { pid, role } of this.#serving()) {
      if (this.#known.has(pid) || (role !== 'reader' && role !== 'writer')) continue;
      this.#known.add(pid);
      const killedAt = this.#waiting[role].shift();
      if (killedAt !== undefined) this.backMs.push(performance.now() - killedAt);
    }
  }
}
