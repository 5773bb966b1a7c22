/** The fault code of requests while a running service cannot restart a process for the same reason. */
export type StartupFault = 'read_only' | 'disk_full' | 'database_busy' | 'database_damaged' | 'connection_lost';

export interface BadStartOptions extends ErrorOptions {
  fault?: StartupFault;
}

/**
 * Startup refused: an invalid setting, a file that is not a job database, a missing folder. Each problem says how to
 * fix it. The command line prints all problems and exits with 2.
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
