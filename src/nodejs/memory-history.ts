import { ownMbOf } from '../processes/rss.ts';
import type { MemorySample } from '../system-state-types.ts';

const EVERY_MS = 2_000;
/** Ten minutes, 30 KB. */
const KEPT = 300;

interface Measured {
  pid: number;
  /** Undefined for the parent. */
  role?: string;
  rssMb: number;
}

const PLACES: Readonly<Record<string, 'parent' | 'archive' | 'columns'>> = {
  bodies: 'parent',
  archive: 'archive',
  decoder: 'archive',
  upkeep: 'archive',
  columns: 'columns',
  builder: 'columns',
  parquet: 'columns',
};

/** The memory of all processes over the last minutes, to show to people. A sample takes 20 microseconds per process. */
export class MemoryHistory {
  readonly #processes: () => readonly Measured[];
  readonly #samples: MemorySample[] = [];
  readonly #timer: NodeJS.Timeout;

  constructor(processes: () => readonly Measured[]) {
    this.#processes = processes;
    this.#take();
    this.#timer = setInterval(() => this.#take(), EVERY_MS);
    this.#timer.unref();
  }

  get samples(): readonly MemorySample[] {
    return this.#samples;
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #take(): void {
    const sample: MemorySample = {
      at: Math.round(Date.now() / 1000),
      parent: 0,
      connections: 0,
      archive: 0,
      columns: 0,
    };
    for (const { pid, role, rssMb } of this.#processes()) {
      if (role === undefined) sample.parent += rssMb;
      else sample[PLACES[role] ?? 'connections'] += ownMbOf(pid) ?? rssMb;
    }
    for (const part of ['parent', 'connections', 'archive', 'columns'] as const)
      sample[part] = Math.round(sample[part]);
    this.#samples.push(sample);
    if (this.#samples.length > KEPT) this.#samples.shift();
  }
}
