import type { RefusedReport, RefusedReportsStatus } from '../../system-state.ts';

/** The newest ones that are kept. */
const KEPT = 20;

/**
 * Starts and stops of jobs that were refused. A scheduler adapter sends its reports in order and stops at the first one that is refused, so
 * its operator has to find that one. One per app.
 */
export class RefusedReports {
  readonly #counts = { starts: 0, stops: 0, repeated: 0 };
  #last: readonly RefusedReport[] = [];

  add(report: RefusedReport): void {
    this.#counts[report.kind === 'start' ? 'starts' : 'stops'] += 1;
    this.#last = [report, ...this.#last].slice(0, KEPT);
  }

  /** Counts one that adapters take as done: the job had been started or stopped before. */
  addRepeated(): void {
    this.#counts.repeated += 1;
  }

  status(): RefusedReportsStatus {
    return { ...this.#counts, last: this.#last };
  }
}
