import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { LoopLag } from '../system-state-types.ts';

/** Time between two samples of libuv: 20 per second cost 0.2 % of a core (every 20 ms, in JavaScript: 0.9 %). */
const EVERY_MS = 50;
const PART_MS = 60_000;
/** Number of minutes kept before the current one. */
const PARTS_KEPT = 4;
const NS_PER_MS = 1e6;

/** Measures the lag of the event loop of this process per minute. */
export class LoopLagMeter {
  readonly #delay = monitorEventLoopDelay({ resolution: EVERY_MS });
  #before: LoopLag[] = [];
  readonly #timer: NodeJS.Timeout;

  constructor() {
    this.#delay.enable();
    this.#timer = setInterval(() => this.#nextMinute(), PART_MS);
    this.#timer.unref();
  }

  /** The worst value of each figure in the last five minutes. */
  get worstMs(): LoopLag {
    const parts = [this.#minute(), ...this.#before];
    const worst = (figure: keyof LoopLag) => Math.max(...parts.map((part) => part[figure]));
    return { p50: worst('p50'), p99: worst('p99'), max: worst('max') };
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#delay.disable();
  }

  #minute(): LoopLag {
    if (this.#delay.count === 0) return { p50: 0, p99: 0, max: 0 };
    const [p50, p99] = [50, 99].map((percent) => lateMs(this.#delay.percentile(percent)));
    return { p50: p50 ?? 0, p99: p99 ?? 0, max: lateMs(this.#delay.max) };
  }

  #nextMinute(): void {
    this.#before = [this.#minute(), ...this.#before].slice(0, PARTS_KEPT);
    this.#delay.reset();
  }
}

/** The measured value is the time between two samples. */
function lateMs(betweenNs: number): number {
  return Math.max(0, Math.round((betweenNs / NS_PER_MS - EVERY_MS) * 10) / 10);
}
