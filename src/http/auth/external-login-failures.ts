import type { Context } from 'hono';
import { Fault, type FaultCode } from '../../faults.ts';
import { isLogged } from '../faults/is-logged.ts';
import type { AppEnv } from '../service.ts';

interface FailureKind {
  readonly code: FaultCode;
  /** What the login page says. */
  readonly page: string;
}

/** Why a login through another system failed, by the word in the log. docs/single-sign-on.md has the same table. */
export const LOGIN_FAILURES = {
  'provider-unreachable': {
    code: 'login_unavailable',
    page: 'Single sign-on does not answer. Try again later, or log in with a password.',
  },
  'provider-invalid': {
    code: 'login_unavailable',
    page: 'Single sign-on is not available, because its provider sends answers that are not valid. The administrator finds the reason in the log.',
  },
  'provider-refuses-service': {
    code: 'login_unavailable',
    page: 'Single sign-on is not set up correctly. The administrator finds the reason in the log.',
  },
  'login-not-started': {
    code: 'unauthorized',
    page: 'This login was not started in this browser, or too long ago. Please start again.',
  },
  'login-refused': { code: 'unauthorized', page: 'The login was cancelled or refused at the provider.' },
  'login-incomplete': {
    code: 'unauthorized',
    page: 'The provider did not complete the login. Please start again.',
  },
  'code-refused': {
    code: 'unauthorized',
    page: 'This login was already used, or took too long. Please start again.',
  },
  'id-token-invalid': {
    code: 'unauthorized',
    page: 'The answer of the provider could not be verified. Please start again.',
  },
  'user-name-invalid': { code: 'unauthorized', page: 'No valid user name was sent for this login.' },
  'directory-unreachable': {
    code: 'login_unavailable',
    page: 'The directory of users does not answer. Try again later.',
  },
  'directory-insecure': {
    code: 'login_unavailable',
    page: 'The directory of users cannot be reached securely, so your password was not sent. The administrator finds the reason in the log.',
  },
  'directory-refuses-service': {
    code: 'login_unavailable',
    page: 'The directory of users is not set up correctly. The administrator finds the reason in the log.',
  },
  'directory-invalid': {
    code: 'login_unavailable',
    page: 'The directory of users sends answers that are not valid. The administrator finds the reason in the log.',
  },
  'directory-refuses-user': {
    code: 'unauthorized',
    page: 'The directory of users refuses this login. Please ask your administrator.',
  },
  'no-account': { code: 'unauthorized', page: 'This user has no account here.' },
} as const satisfies Record<string, FailureKind>;

export type LoginFailureKind = keyof typeof LOGIN_FAILURES;

/** A login through another system that failed. */
export class LoginFailure extends Error {
  override readonly name = 'LoginFailure';
  readonly kind: LoginFailureKind;
  /** For the log only. It contains no secret, and nothing from a token. */
  readonly detail: string;

  constructor(kind: LoginFailureKind, detail: string) {
    super(`${kind}: ${detail}`);
    this.kind = kind;
    this.detail = detail;
  }

  /** True if the other system could not decide. */
  get isUnavailable(): boolean {
    return LOGIN_FAILURES[this.kind].code === 'login_unavailable';
  }
}

const LONGEST_DETAIL = 300;

/** Why another system could not decide, for operators. Undefined for any other error. */
export function whyUnavailable(error: unknown): string | undefined {
  if (!(error instanceof LoginFailure) || !error.isUnavailable) return undefined;
  return `${error.kind}: ${error.detail.slice(0, LONGEST_DETAIL)}`;
}

/** Logs a failed login for the operator, and returns the fault for the page. */
export function faultOfLogin(c: Context<AppEnv>, { kind, detail }: LoginFailure): Fault {
  const { code, page }: FailureKind = LOGIN_FAILURES[kind];
  if (isLogged(c, code)) {
    c.get('log').warn({ failure: kind, detail: detail.slice(0, LONGEST_DETAIL) }, 'login failed');
  }
  return new Fault(code, page);
}
