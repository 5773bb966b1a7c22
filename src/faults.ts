/** The fixed properties of a fault code. */
export interface FaultKind {
  /** The HTTP status, unless the contract of the route requires another. */
  status: FaultStatus;
  /** Seconds for Retry-After, if a retry can help. */
  retryAfterSec?: number;
}

export type FaultStatus = 400 | 401 | 403 | 404 | 405 | 413 | 422 | 431 | 500 | 503 | 504;

/**
 * All fault codes. A new code is an API change and also belongs in docs/errors.md. The text for a person is the message
 * of each Fault. Titles of error pages: pages/fault-page.ts.
 */
export const FAULTS = {
  invalid_request: { status: 400 }, // malformed parameter, path or body
  unauthorized: { status: 401 }, // token missing, invalid or without the roles of the route, or address not allowed
  forbidden: { status: 403 }, // valid token whose roles do not allow this, or cross-site write
  not_found: { status: 404 }, // no such path, job, user or tag
  method_not_allowed: { status: 405 }, // the path exists; the Allow header lists its methods
  body_too_large: { status: 413 }, // larger than the limit of the route or BODY_LIMIT_MB
  conflict: { status: 422 }, // the request contradicts stored data
  headers_too_large: { status: 431 }, // request line and headers exceed 16 KiB
  internal: { status: 500 }, // a bug in cc-jobs; the log has the cause under the request id
  queue_full: { status: 503, retryAfterSec: 1 }, // DB_QUEUE_LIMIT, caller's share or body budget used up; nothing done
  connection_lost: { status: 503, retryAfterSec: 1 }, // the connection process died; a write did not happen
  memory_limit_exceeded: { status: 503 }, // the query exceeded the memory of its connection and was stopped
  outcome_unknown: { status: 503 }, // the writer died between the permission to commit and its reply
  read_only: { status: 503 }, // the file or its file system is not writable
  database_damaged: { status: 503 }, // the file is damaged: writes are refused, reads continue if possible
  disk_full: { status: 503, retryAfterSec: 30 }, // no space for database, log or a sort; nothing was changed
  database_busy: { status: 503, retryAfterSec: 1 }, // another program held the write lock until the deadline
  remote_unavailable: { status: 503, retryAfterSec: 2 }, // the libSQL server is down, slow or refuses requests
  login_unavailable: { status: 503, retryAfterSec: 5 }, // the system that knows the users is down, slow or refuses us
  deadline_exceeded: { status: 504 }, // the query was stopped; a write did not happen
} as const satisfies Record<string, FaultKind>;

export type FaultCode = keyof typeof FAULTS;

export interface FaultOptions extends ErrorOptions {
  /** Replaces the status if the contract requires another one for the same code. */
  status?: FaultStatus;
  /** Response headers of this fault, such as Allow. */
  headers?: Record<string, string>;
  /** What the request was about, such as the job that its body names; for the log. */
  about?: Readonly<Record<string, string>> | undefined;
}

/**
 * The only error that may end a request. The client receives `message`, so it must contain no secrets and no SQL.
 * `cause` is only logged.
 */
export class Fault extends Error {
  override readonly name = 'Fault';
  readonly code: FaultCode;
  readonly status: FaultStatus;
  readonly headers: Readonly<Record<string, string>>;
  readonly about: FaultOptions['about'];

  constructor(code: FaultCode, message: string, options: FaultOptions = {}) {
    super(message, options);
    const kind: FaultKind = FAULTS[code];
    this.code = code;
    this.status = options.status ?? kind.status;
    this.about = options.about;
    this.headers = {
      ...(kind.retryAfterSec === undefined ? {} : { 'Retry-After': String(kind.retryAfterSec) }),
      ...options.headers,
    };
  }
}
