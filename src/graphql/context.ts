import type { Context } from 'hono';
import type { Place } from '../concurrency-gate.ts';
import type { Deadline } from '../deadline.ts';
import { nextTurn, Turns } from '../event-loop-turns.ts';
import { Fault } from '../faults.ts';
import { hiddenMetrics, visibleJobs } from '../http/auth/visible-jobs.ts';
import type { HeldPart } from '../http/limits/unsent-bytes.ts';
import { nowSec } from '../http/request-values.ts';
import type { AppEnv, Service } from '../http/service.ts';
import type { JobFilter } from '../jobs/filter.ts';
import { hiddenIn } from '../jobs/hidden-metrics.ts';
import type { User } from '../jobs/roles.ts';
import type { VisibleJobs } from '../jobs/visibility.ts';
import type { JobQuestions } from '../questions/ask.ts';
import { VALUES_WITHOUT_PAUSE, withPauses } from './list-with-pauses.ts';
import { SharedScans } from './shared-scans.ts';

/** Statements and questions of one request that run at the same time. The others wait, so that other callers do not. */
const SIDE_BY_SIDE = 3;

/** Fields of Query that start in one turn of the event loop. The largest page asks for eight. */
const FIELDS_PER_TURN = 50;

/** Memory for the answer to one request: half of what all unread responses may hold. */
const MOST_BYTES = 32 * 1024 * 1024;
/** The bytes are counted among those of all requests in steps. A small request counts none. */
const COUNTED_BYTES = 256 * 1024;

/** What the resolvers of one request share. */
export class QueryContext {
  /** The request. A resolver uses it where a function of src/http needs it. */
  readonly request: Context<AppEnv>;
  /** The place of the request among all of them. A resolver leaves it while it waits for another service. */
  readonly place: Place;
  readonly nowSec: number;
  /** What a client should know about its answer, such as a page that was cut. Sent as `extensions`. */
  readonly notes: Record<string, object> = {};
  readonly #lacking: Record<string, string> = {};
  readonly #complexity: number;
  /** For long work. A request of a Worker cannot wait for another one, so it has its own. */
  readonly turns: Turns;
  /** Statistics and histograms. */
  readonly scans: SharedScans;
  readonly #answers = new Map<string, Promise<unknown>>();
  readonly #waiting: (() => void)[] = [];
  #running = 0;
  readonly #held: HeldPart[] = [];
  #bytes = 0;
  #counted = 0;
  #started = 0;

  /** `complexity` is the number of fields of the operation. */
  constructor(request: Context<AppEnv>, complexity: number, place: Place) {
    this.request = request;
    this.nowSec = nowSec(request);
    this.#complexity = complexity;
    this.place = place;
    this.turns = this.service.turns ?? new Turns();
    this.scans = new SharedScans(this.turns, (jobs, parts) => {
      const options = { nowSec: this.nowSec, shortJobSec: this.service.settings.SHORT_JOB_S, ...parts };
      return this.run((deadline) => this.jobs.overview(jobs, options, deadline));
    });
  }

  get user(): User {
    return this.request.get('user');
  }

  get service(): Service {
    return this.request.get('service');
  }

  get jobs(): JobQuestions {
    return this.request.get('jobs');
  }

  get deadline(): Deadline {
    return this.request.get('deadline');
  }

  /** The jobs of a filter that the caller may see. */
  visible(filter: JobFilter = []): VisibleJobs {
    return visibleJobs(this.request, filter);
  }

  /** The metrics of a cluster that the caller must not see. */
  hiddenIn(cluster: string): readonly string[] {
    return hiddenIn(hiddenMetrics(this.request), cluster);
  }

  /** Notes that a root field lacks what only cc-backend can answer, and why. Sent as `extensions.upstream`. */
  lacks(field: string, reason: string): void {
    this.notes['upstream'] = this.#lacking;
    this.#lacking[field] = reason;
  }

  /** Notes a list that is not complete in the answer, and its limit. */
  noteCut(cut: Readonly<Record<string, unknown>>): void {
    this.notes['cut'] = { ...this.notes['cut'], ...cut };
  }

  /** Runs the resolver of a field of Query. Of many fields, some start in each of the next turns of the event loop. */
  start<Result>(resolve: () => Result): Result | Promise<Awaited<Result>> {
    const turns = Math.floor(this.#started / FIELDS_PER_TURN);
    this.#started += 1;
    return turns === 0 ? resolve() : this.#later(turns, resolve);
  }

  async #later<Result>(turns: number, resolve: () => Result): Promise<Awaited<Result>> {
    for (let turn = 0; turn < turns; turn += 1) await nextTurn();
    return await resolve();
  }

  /** A list for the executor, with pauses if it has many values. */
  paced<Item>(items: readonly Item[]): readonly Item[] | AsyncIterable<Item> {
    return items.length * this.#complexity <= VALUES_WITHOUT_PAUSE ? items : withPauses(items, this.turns);
  }

  /**
   * Counts memory that is in use until the answer has been printed. Throws invalid_request if it is too much for one
   * request, and queue_full if there is no room for it among that of other requests.
   */
  takeBytes(bytes: number): void {
    this.#bytes += bytes;
    if (this.#bytes > MOST_BYTES) {
      const most = MOST_BYTES / 1024 / 1024;
      throw new Fault('invalid_request', `the answer would need more than ${most} MB of memory: request less at once`);
    }
    const uncounted = this.#bytes - this.#counted;
    if (uncounted < COUNTED_BYTES) return;
    const held = this.request.get('held');
    const { caller } = this.deadline;
    held.checkRoom(caller);
    this.#held.push(held.hold(uncounted, this.service.settings.REQUEST_TIMEOUT_MS, caller));
    this.#counted = this.#bytes;
  }

  /** Ends the count. The answer is counted from here on. */
  end(): void {
    for (const part of this.#held) part.end();
  }

  /** Runs work that needs the database, the index or the archive: at most SIDE_BY_SIDE at the same time. */
  async run<Result>(work: (deadline: Deadline) => Promise<Result>): Promise<Result> {
    while (this.#running >= SIDE_BY_SIDE) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#running += 1;
    try {
      this.deadline.signal.throwIfAborted();
      return await work(this.deadline);
    } finally {
      this.#running -= 1;
      this.#waiting.shift()?.();
    }
  }

  /** Like `run`, but equal questions of a request share one answer. `key` must tell different questions apart. */
  async once<Result>(key: readonly unknown[], work: (deadline: Deadline) => Promise<Result>): Promise<Result> {
    return await this.shared(key, () => this.run(work));
  }

  /** Runs work that needs none of what `run` limits. Equal questions share one answer as in `once`. */
  async shared<Result>(key: readonly unknown[], work: () => Promise<Result>): Promise<Result> {
    const text = JSON.stringify(key, (_, value: unknown) => (typeof value === 'bigint' ? `${value}n` : value));
    const known = this.#answers.get(text) as Promise<Result> | undefined;
    if (known !== undefined) return await known;
    const answer = work();
    this.#answers.set(text, answer);
    return await answer;
  }
}
