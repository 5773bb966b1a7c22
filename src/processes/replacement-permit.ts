/**
 * The one place for a process more than there are members: whoever is replaced, its spare is the only one of the service, and
 * the place is free again when the replaced process has ended. So the memory of one spare is all that has to be there.
 */
export class ReplacementPermit {
  #taken = false;

  /** False when another group has it. */
  take(): boolean {
    if (this.#taken) return false;
    this.#taken = true;
    return true;
  }

  free(): void {
    this.#taken = false;
  }
}
