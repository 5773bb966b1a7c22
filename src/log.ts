/** The logger interface that the service uses. A pino logger implements it. */
export interface Log {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
  child(bindings: Record<string, unknown>): Log;
}

/** A line of the log as an administrator reads it. */
export interface LogEntry {
  /** Milliseconds since 1970. */
  readonly atMs: number;
  /** The severity of syslog: 7 is debug, 6 info, 4 warning, 3 error, 2 fatal. */
  readonly priority: number;
  readonly message: string;
}
