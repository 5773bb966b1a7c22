/**
 * Permits one process more than there are members. The whole service has one permit, so it has at most one spare at a
 * time. The permit is free again when the replaced process has ended. So the service needs memory for one spare only.
 */
export class ReplacementPermit {
  #taken = false;

  /** Returns false if another group holds the permit. */
  take(): boolean {
    if (this.#taken) return false;
    this.#taken = true;
    return true;
  }

  free(): void {
    this.#taken = false;
  }
}
