/** What requests are told while a running service cannot start a process again for the same reason. */
export type StartupFault = 'read_only' | 'disk_full' | 'database_busy' | 'database_damaged' | 'connection_lost';

export interface BadStartOptions extends ErrorOptions {
  fault?: StartupFault;
}

/**
 * A start that cannot be: a bad setting, a file that is no job database, a folder that is missing. Each problem says what to
 * do about it. The command line prints them all and exits with 2.
 */
export class StartupError extends Error {
  override readonly name = 'StartupError';
  readonly problems: readonly string[];
  readonly fault: StartupFault;

  constructor(problems: string | readonly string[], { fault = 'connection_lost', ...options }: BadStartOptions = {}) {
    const all = typeof problems === 'string' ? [problems] : problems;
    super(all.join('\n'), options);
    this.problems = all;
    this.fault = fault;
  }
}
