/** What is fixed about one way to fail. */
export interface FaultKind {
  /** The HTTP status, unless the route's contract names another. */
  status: FaultStatus;
  /** Sent as Retry-After where trying again can help, in seconds. */
  retryAfterSec?: number;
}

export type FaultStatus = 400 | 401 | 403 | 404 | 405 | 413 | 422 | 431 | 500 | 503 | 504;

/** Every way a request can fail. A new line is an API change: docs/errors.md has it too. */
export const FAULTS = {
  invalid_request: { status: 400 }, // a parameter, a path or a body that does not say what it should
  unauthorized: { status: 401 }, // no token, a bad one, one without the roles of the route, or a refused address
  forbidden: { status: 403 }, // the token is good, the action is not for its roles; cross-site writes
  not_found: { status: 404 }, // no such path, job, user or tag
  method_not_allowed: { status: 405 }, // the path exists; the answer's Allow header names its methods
  body_too_large: { status: 413 }, // above the limit of its route, or BODY_LIMIT_MB
  conflict: { status: 422 }, // the request contradicts what is stored
  headers_too_large: { status: 431 }, // request line and headers above 16 KiB
  internal: { status: 500 }, // our mistake; the log has the cause under the answer's request id
  queue_full: { status: 503, retryAfterSec: 1 }, // DB_QUEUE_LIMIT, the caller's share or the budget for bodies reached; nothing was run
  connection_lost: { status: 503, retryAfterSec: 1 }, // the connection process died; a write did not happen
  memory_limit_exceeded: { status: 503 }, // the query needed more than its connection's share; it has stopped
  outcome_unknown: { status: 503 }, // the writer died between "yes, commit" and its answer
  read_only: { status: 503 }, // the file or its file system cannot be written
  database_damaged: { status: 503 }, // the file is damaged: nothing is written, reads go on as far as they can
  disk_full: { status: 503, retryAfterSec: 30 }, // no space for the database, its log or a sort; nothing was changed
  database_busy: { status: 503, retryAfterSec: 1 }, // another program held the write lock until the deadline
  remote_unavailable: { status: 503, retryAfterSec: 2 }, // the libSQL server is down, slow or refuses us
  deadline_exceeded: { status: 504 }, // the query has stopped; a write did not happen
} as const satisfies Record<string, FaultKind>;

export type FaultCode = keyof typeof FAULTS;

export interface FaultOptions extends ErrorOptions {
  /** Where the contract wants another status for the same code. */
  status?: FaultStatus;
  /** Response headers that belong to this fault, such as Allow. */
  headers?: Record<string, string>;
}

/**
 * The one error a request may end with. `message` is shown to the caller: it must hold nothing secret and no SQL.
 * The `cause` is for the log alone.
 */
export class Fault extends Error {
  override readonly name = 'Fault';
  readonly code: FaultCode;
  readonly status: FaultStatus;
  readonly headers: Readonly<Record<string, string>>;

  constructor(code: FaultCode, message: string, options: FaultOptions = {}) {
    super(message, options);
    const kind: FaultKind = FAULTS[code];
    this.code = code;
    this.status = options.status ?? kind.status;
    this.headers = {
      ...(kind.retryAfterSec === undefined ? {} : { 'Retry-After': String(kind.retryAfterSec) }),
      ...options.headers,
    };
  }
}
