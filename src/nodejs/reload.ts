import { describeError } from '../db/startup-errors.ts';
import { Fault } from '../faults.ts';
import type { Log } from '../log.ts';
import type { Settings } from '../settings-by-deployment.ts';
import { StartupError } from '../startup-error.ts';
import type { ReloadStatus } from '../system-state-types.ts';
import { type Place, type Reloadable, reloaded, warnOf } from './reloaded-parts.ts';

export interface ReloadsOptions extends Place {
  first: Reloadable;
  /** Puts it in force for the requests from now on. */
  use: (next: Reloadable) => void;
}

/** Returns the settings as they are now. Throws StartupError. */
export type ReadSettings = () => Settings;

/**
 * Replaces settings and clusters while the service runs. Everything is read and checked first. If anything is not valid,
 * nothing changes. One reload runs at a time. Of those that are asked for meanwhile, one follows, since it reads
 * everything.
 */
export class Reloads {
  readonly #place: Place;
  readonly #log: Log;
  readonly #use: (next: Reloadable) => void;
  #current: Reloadable;
  #last: ReloadStatus | undefined;
  #running: Promise<ReloadStatus> | undefined;
  #following: Promise<ReloadStatus> | undefined;

  constructor({ first, use, ...place }: ReloadsOptions) {
    this.#current = first;
    this.#use = use;
    this.#place = place;
    this.#log = place.log;
  }

  get current(): Reloadable {
    return this.#current;
  }

  /** The last reload. Undefined if there has been none. */
  status(): ReloadStatus | undefined {
    return this.#last;
  }

  /** What the operator has to check. */
  degraded(): readonly string[] {
    return this.#last?.isRefused ? ['the last reload was refused: the log says why'] : [];
  }

  /** Resolves when the new values are in force, or refused. Never throws. */
  reload(read: ReadSettings): Promise<ReloadStatus> {
    if (this.#running === undefined) {
      this.#running = this.#reload(read).finally(() => {
        this.#running = undefined;
      });
      return this.#running;
    }
    this.#following ??= this.#running.then(() => {
      this.#following = undefined;
      return this.reload(read);
    });
    return this.#following;
  }

  async #reload(read: ReadSettings): Promise<ReloadStatus> {
    const at = Math.floor(Date.now() / 1000);
    try {
      const { next, changed, restartFor } = await reloaded(this.#current, read(), this.#place);
      this.#use(next);
      this.#current = next;
      this.#last = { at, isRefused: false, changed, restartFor, problems: [] };
      if (restartFor.length === 0) this.#log.info({ changed }, 'reloaded');
      else this.#log.warn({ changed, restartFor }, `reloaded; restart for: ${restartFor.join(', ')}`);
      warnOf(next.settings, this.#log);
    } catch (error) {
      const problems = problemsOf(error);
      this.#last = { at, isRefused: true, changed: [], restartFor: [], problems };
      const err = error instanceof StartupError ? {} : { err: error };
      this.#log.error({ problems, ...err }, 'the reload was refused: settings and clusters are as before');
    }
    return this.#last;
  }
}

function problemsOf(error: unknown): readonly string[] {
  if (error instanceof StartupError) return error.problems;
  if (error instanceof Fault && error.code !== 'internal') return [error.message];
  return [describeError(error) ?? 'an internal error'];
}
