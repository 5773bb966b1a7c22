import type { ContactStatus } from './system-state-types.ts';

/** When another system last answered, and when and why it last did not. */
export class LastContact {
  #status: ContactStatus = {};

  status(): ContactStatus {
    return this.#status;
  }

  /**
   * Runs `ask`, and notes its outcome. `whyFailed` returns the reason if an error means that the system did not do its
   * part. It is shown to operators, so it must not contain a secret.
   */
  async note<Answer>(ask: () => Promise<Answer>, whyFailed: (error: unknown) => string | undefined): Promise<Answer> {
    try {
      const answer = await ask();
      this.#status = { ...this.#status, lastOkAt: nowSec() };
      return answer;
    } catch (error) {
      const reason = whyFailed(error);
      if (reason !== undefined) this.#status = { ...this.#status, lastFailure: { at: nowSec(), reason } };
      throw error;
    }
  }
}

function nowSec(): number {
  return Math.floor(Date.now() / 1000);
}
