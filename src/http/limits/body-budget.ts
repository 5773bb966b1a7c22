import { BODIES_IN_FLIGHT, type SettingValues } from '../../settings.ts';
import { Budget } from './budget.ts';

const KB = 1024;
const MB = 1024 * KB;
/** Times BODY_LIMIT_MB. An isolate of a Worker has 128 MB, and takes its bodies apart itself. */
const BODIES_IN_AN_ISOLATE = 1.5;
/** Of callers who have shown neither token nor session: logins, which have some hundred bytes. */
const STRANGERS = { limitBytes: MB, eachBytes: 128 * KB };
const REFUSAL = 'too many request bodies are in flight: try again';

/** The bytes of request bodies that have arrived and are in use; one per app. */
export class BodyBudget {
  /** Of one body. */
  readonly mostBytes: number;
  /** Of callers with a token or a session. */
  readonly known: Budget;
  readonly strangers = new Budget({ ...STRANGERS, refusal: REFUSAL });

  constructor({ BODY_LIMIT_MB }: Pick<SettingValues, 'BODY_LIMIT_MB'>, hasSharedLimits: boolean) {
    this.mostBytes = BODY_LIMIT_MB * MB;
    this.known = new Budget({
      limitBytes: (hasSharedLimits ? BODIES_IN_FLIGHT : BODIES_IN_AN_ISOLATE) * this.mostBytes,
      eachBytes: this.mostBytes,
      refusal: REFUSAL,
    });
  }
}
