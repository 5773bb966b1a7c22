/** Event counts since the start, shown by /api/system and /system, which has words for each. */
export interface Counters {
  /** Requests whose deadline passed, in the queue or on a process. */
  timeouts: number;
  /** Requests whose client disconnected before the answer. */
  hangUps: number;
  /** Requests interrupted on their process: deadline passed, client disconnected, or memory exceeded. */
  interrupts: number;
  /** Requests that needed more memory than the share of their process. */
  memoryExceeded: number;
  /** Processes that cc-jobs killed because they did not stop in time or could not start. */
  kills: number;
  /** Processes that ended unexpectedly, and processes killed while they worked. */
  crashes: number;
  /** Processes replaced because they kept too much memory or could not continue. */
  replacements: number;
  /** Processes stopped because they were idle for too long. */
  retirements: number;
  /** Reads retried on a second process after the first one died. */
  retries: number;
  /** Reads whose second process died too. The query itself may be the cause. */
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
