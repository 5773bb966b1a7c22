import type { SettingValues } from '../../settings.ts';
import { ByteBudget } from './byte-budget.ts';

const KB = 1024;
const MB = 1024 * KB;
/** Multiple of BODY_LIMIT_MB for all bodies in flight. Part of the memory sizing. A scheduler's bodies have a few KB. */
export const BODIES_IN_FLIGHT = 2;
/** The same in a Worker. An isolate has 128 MB and parses its bodies itself. */
const BODIES_IN_AN_ISOLATE = 1.5;
/** For callers without a token or a session. They send logins of a few hundred bytes. */
const STRANGERS = { limitBytes: MB, eachBytes: 128 * KB };
const REFUSAL = 'too many request bodies are in flight: try again';

/** The bytes of request bodies that have arrived and are in use. One per service. */
export class BodyBudget {
  /** The most bytes of one body. */
  readonly mostBytes: number;
  /** For callers with a token or a session. */
  readonly known: ByteBudget;
  readonly strangers = new ByteBudget({ ...STRANGERS, refusal: REFUSAL });

  constructor({ BODY_LIMIT_MB }: Pick<SettingValues, 'BODY_LIMIT_MB'>, hasSharedLimits: boolean) {
    this.mostBytes = BODY_LIMIT_MB * MB;
    this.known = new ByteBudget({
      limitBytes: (hasSharedLimits ? BODIES_IN_FLIGHT : BODIES_IN_AN_ISOLATE) * this.mostBytes,
      eachBytes: this.mostBytes,
      refusal: REFUSAL,
    });
  }
}
