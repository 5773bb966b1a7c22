/** A seeded random number generator. The same seed gives the same numbers on every machine. Not for secrets. */
export class Random {
  #a: number;
  #b = 0x9e3779b9;
  #c = 0x243f6a88;
  #counter = 1;

  constructor(seed: number) {
    this.#a = seed | 0;
    for (let round = 0; round < 20; round++) this.unit();
  }

  /** In [0, 1). sfc32 by Chris Doty-Humphrey (PractRand), public domain. */
  unit(): number {
    const sum = (((this.#a + this.#b) | 0) + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + sum;
    this.#c |= 0;
    return (sum >>> 0) / 4_294_967_296;
  }

  /** A whole number in [0, below). */
  below(below: number): number {
    return Math.floor(this.unit() * below);
  }

  between(from: number, to: number): number {
    return from + this.unit() * (to - from);
  }

  chance(probability: number): boolean {
    return this.unit() < probability;
  }

  pick<Item>(items: readonly Item[]): Item {
    const item = items[this.below(items.length)];
    if (item === undefined) throw new Error('nothing to pick from');
    return item;
  }

  /** Mean 0, deviation 1, within ±3.5. The sum of four uniform numbers is close enough to a normal distribution. */
  normal(): number {
    return (this.unit() + this.unit() + this.unit() + this.unit() - 2) * Math.sqrt(3);
  }

  /** Positive with this median. e^spread is the factor of one deviation. */
  lognormal(median: number, spread: number): number {
    return median * Math.exp(this.normal() * spread);
  }
}

/** Items by weight in O(1): a table that repeats each item according to its weight. */
export function weightedTable<Item>(items: readonly Item[], weightOf: (item: Item, at: number) => number): Item[] {
  const size = 8192;
  const weights = items.map(weightOf);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return items.flatMap((item, at) =>
    Array<Item>(Math.max(1, Math.round(((weights[at] ?? 0) / total) * size))).fill(item),
  );
}
