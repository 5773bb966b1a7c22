import type { RefusedReport, RefusedReportsStatus } from '../../system-state-types.ts';

/** The number of newest reports that are kept. */
const KEPT = 20;

/**
 * The refused starts and stops of jobs, one instance per service. A scheduler adapter sends its reports in order and stops
 * at the first refused one, which its operator then has to find.
 */
export class RefusedReports {
  readonly #counts = { starts: 0, stops: 0, repeated: 0 };
  #last: readonly RefusedReport[] = [];

  add(report: RefusedReport): void {
    this.#counts[report.kind === 'start' ? 'starts' : 'stops'] += 1;
    this.#last = [report, ...this.#last].slice(0, KEPT);
  }

  /** Counts a report that adapters accept as done because the job had been started or stopped before. */
  addRepeated(): void {
    this.#counts.repeated += 1;
  }

  status(): RefusedReportsStatus {
    return { ...this.#counts, last: this.#last };
  }
}
