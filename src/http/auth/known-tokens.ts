import type { Key } from './signing-keys.ts';
import { type Claims, checkTimes, type SignedClaims, verifySignature } from './token.ts';

/** The most tokens kept. A centre has a few dozen adapters and scripts. */
const KEPT = 1_000;
/** Longer tokens are verified on each request. */
const KEPT_CHARACTERS = 2_048;

/**
 * Tokens with a verified signature. A scheduler adapter sends the same token with every request. Verification takes 0.2
 * ms of a thread, a tenth of the request. The times of a token are checked on each request.
 */
export class KnownTokens {
  readonly #key: Promise<Key>;
  /** In order of insertion, the oldest first. */
  readonly #signed = new Map<string, SignedClaims>();

  constructor(key: Promise<Key>) {
    this.#key = key;
  }

  /** The claims of a token that is valid at `nowSec`. Throws `unauthorized` with the reason. */
  async verify(token: string, nowSec: number): Promise<Claims> {
    const known = this.#signed.get(token);
    const signed = known ?? (await verifySignature(token, await this.#key));
    if (known === undefined) this.#keep(token, signed);
    checkTimes(signed, nowSec);
    return signed;
  }

  #keep(token: string, signed: SignedClaims): void {
    if (token.length > KEPT_CHARACTERS) return;
    const [oldest] = this.#signed.keys();
    if (this.#signed.size >= KEPT && oldest !== undefined) this.#signed.delete(oldest);
    this.#signed.set(token, signed);
  }
}
