/** An idle process may miss this many pings in a row (one every 250 ms). Then it is taken to be stopped or hanging. */
const SILENT_PINGS = 12;
/** With at most this many unanswered pings in a row (one second), a process counts as responding. */
const HEARD_PINGS = 4;

/** The pings that a process has not answered since its last sign of life. */
export class UnansweredPings {
  #count = 0;

  /** Counts a ping. */
  sent(): void {
    this.#count += 1;
  }

  /** Called for each message of the process. */
  answered(): void {
    this.#count = 0;
  }

  /** True if the process answered one of the last pings. */
  get isHeard(): boolean {
    return this.#count <= HEARD_PINGS;
  }

  /** True if the process gives no sign of life although it has nothing to do. */
  get areTooMany(): boolean {
    return this.#count > SILENT_PINGS;
  }
}
