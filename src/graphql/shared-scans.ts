import { nextTurn, type Turns } from '../event-loop-turns.ts';
import type { VisibleJobs } from '../jobs/visibility.ts';
import type { Overview, OverviewOptions } from '../questions/overview/question.ts';

type Kind = keyof Overview;
type Parts = { readonly [Of in Kind]: NonNullable<OverviewOptions[Of]>[number][] };

/** What fields ask about the same jobs. The first of them starts it. */
interface Scan {
  readonly parts: Parts;
  readonly answer: Promise<Overview>;
}

/** Reads in one pass what the fields of a request ask about the same jobs in one turn of the event loop. */
export class SharedScans {
  readonly #turns: Turns;
  readonly #ask: (jobs: VisibleJobs, parts: Parts) => Promise<Overview>;
  /** The scans that have not begun. */
  readonly #waiting = new Map<string, Scan>();

  constructor(turns: Turns, ask: (jobs: VisibleJobs, parts: Parts) => Promise<Overview>) {
    this.#turns = turns;
    this.#ask = ask;
  }

  async read<Of extends Kind>(kind: Of, jobs: VisibleJobs, part: Parts[Of][number]): Promise<Overview[Of][number]> {
    const key = JSON.stringify(jobs, (_, value: unknown) => (typeof value === 'bigint' ? `${value}n` : value));
    const scan = this.#waiting.get(key) ?? this.#begin(key, jobs);
    const parts: Parts[Of][number][] = scan.parts[kind];
    const at = parts.push(part) - 1;
    const answers: readonly Overview[Of][number][] = (await scan.answer)[kind];
    await this.#turns.next(); // the fields that share the answer may all have long lists
    return answers[at] as Overview[Of][number];
  }

  #begin(key: string, jobs: VisibleJobs): Scan {
    const parts: Parts = { statistics: [], histograms: [], metricHistograms: [] };
    const answer = nextTurn().then(() => {
      this.#waiting.delete(key);
      return this.#ask(jobs, parts);
    });
    const scan = { parts, answer };
    this.#waiting.set(key, scan);
    return scan;
  }
}
