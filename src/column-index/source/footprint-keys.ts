import { isFootprintKey } from '../../jobs/filter.ts';

/** More keys than any configuration has metrics. Each key is a column. */
const MOST_KEYS = 128;

/** The footprint keys that have a column, in column order. The set grows while jobs are read. */
export class FootprintKeys {
  readonly #keys: Set<string>;

  constructor(keys: Iterable<string>) {
    this.#keys = new Set(keys);
  }

  get list(): readonly string[] {
    return [...this.#keys];
  }

  /** Returns true if a filter may name the key. */
  isWanted(key: string): boolean {
    return this.#keys.has(key) || isFootprintKey(key);
  }

  /** Adds a key. Returns why the index cannot have it. Another rule needs a new VERSION in duckdb-file.ts. */
  add(key: string): string | undefined {
    if (this.#keys.has(key)) return undefined;
    if (this.#keys.size >= MOST_KEYS) return `footprints have more than ${MOST_KEYS} keys`;
    this.#keys.add(key);
    return undefined;
  }
}
