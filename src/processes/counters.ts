/** What has happened since the start; answered by /api/system. */
export interface Counters {
  /** Requests whose deadline passed, in the queue or on a process. */
  timeouts: number;
  /** Requests whose client hung up before the answer. */
  hangUps: number;
  /** Requests stopped on their process: for time, for a client gone, for memory. */
  interrupts: number;
  /** Requests that needed more memory than the share of their process. */
  memoryExceeded: number;
  /** Processes we killed: they did not stop in time, or could not start. */
  kills: number;
  /** Processes that ended by themselves or by somebody else's hand, and those we killed at work. */
  crashes: number;
  /** Processes replaced because of what they kept or could not do any more. */
  replacements: number;
  /** Processes ended because nothing was asked of them. */
  retirements: number;
  /** Reads given to a second process after the first died. */
  retries: number;
  /** Reads whose second process died too: that query may be what kills them. */
  lostTwice: number;
  /** Requests refused because the queue was full. */
  queueFull: number;
}

export function newCounters(): Counters {
  return {
    timeouts: 0,
    hangUps: 0,
    interrupts: 0,
    memoryExceeded: 0,
    kills: 0,
    crashes: 0,
    replacements: 0,
    retirements: 0,
    retries: 0,
    lostTwice: 0,
    queueFull: 0,
  };
}
