import type { Key } from './signing-keys.ts';
import { type Claims, checkTimes, type SignedClaims, verifySignature } from './token.ts';

/** Tokens kept; a centre has some dozens of adapters and scripts. */
const KEPT = 1_000;
/** Longer ones are checked each time. */
const KEPT_CHARACTERS = 2_048;

/**
 * Tokens whose signature was checked. A scheduler adapter sends the same one with every request, and checking it takes 0.2 ms of a
 * thread: a tenth of the request. Their times are looked at each time.
 */
export class KnownTokens {
  readonly #key: Promise<Key>;
  /** The least recently added first. */
  readonly #signed = new Map<string, SignedClaims>();

  constructor(key: Promise<Key>) {
    this.#key = key;
  }

  /** The claims of a token that holds at `nowSec`. Throws `unauthorized` with the reason. */
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
