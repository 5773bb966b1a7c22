import { isFootprintKey } from '../../jobs/filter.ts';
import { Unsupported } from '../index-errors.ts';

/** More keys than any configuration has metrics; each is a column. */
const MOST_KEYS = 128;

/** The footprint keys with a column each, in the order of the columns. It grows while jobs are read. */
export class FootprintKeys {
  readonly #keys: Set<string>;

  constructor(keys: Iterable<string>) {
    this.#keys = new Set(keys);
  }

  get list(): readonly string[] {
    return [...this.#keys];
  }

  /** Adds the key of a number, if a filter may name it. Throws Unsupported. */
  add(key: string): void {
    if (this.#keys.has(key) || !isFootprintKey(key)) return;
    this.#keys.add(key);
    if (this.#keys.size > MOST_KEYS) throw new Unsupported(`footprints have more than ${MOST_KEYS} keys`);
  }
}
