/** Imported when the first user logs in by single sign-on: without OIDC_PROVIDER the library is never loaded. */
import * as oidc from 'openid-client';
import type { SettingValues } from '../../../settings.ts';
import { LoginFailure, type LoginFailureKind, whyUnavailable } from '../external-login-failures.ts';
import { boundedFetch } from './bounded-fetch.ts';
import type { StartedLogin } from './login-cookie.ts';
import type { OidcContacts } from './oidc-contacts.ts';
import { Refreshed } from './refetched-value.ts';

/** Time for each answer of the provider, which is asked up to three times for a login. */
const ANSWER_MS = 5_000;
/** How long the endpoints and algorithms of the provider are used before they are read again. */
const FRESH_MS = 300_000;
const RETRY_MS = 1_000;
/** The library has a limit too, which must not come first. */
const LIBRARY_S = 30;
const SCOPE = 'openid profile email';

export type ProviderSettings = Pick<
  SettingValues,
  'OIDC_PROVIDER' | 'OID_CLIENT_ID' | 'OID_CLIENT_SECRET' | 'PUBLIC_URL' | 'REQUEST_TIMEOUT_MS'
>;

interface ProviderOptions {
  /** False in a Worker, where a request must not wait for another one. */
  sharesWait: boolean;
  contacts: OidcContacts;
}

/** The OpenID Connect provider. Its methods throw LoginFailure, or the reason of a signal. */
export class OidcProvider {
  readonly #issuer: URL;
  readonly #clientId: string;
  readonly #clientSecret: string | undefined;
  readonly #publicUrl: string;
  readonly #answerMs: number;
  readonly #metadata: Refreshed<oidc.ServerMetadata>;

  readonly #contacts: OidcContacts;

  constructor(settings: ProviderSettings, { sharesWait, contacts }: ProviderOptions) {
    const { OIDC_PROVIDER = '', OID_CLIENT_ID = '', OID_CLIENT_SECRET, PUBLIC_URL = '' } = settings;
    this.#contacts = contacts;
    this.#issuer = new URL(OIDC_PROVIDER);
    this.#clientId = OID_CLIENT_ID;
    this.#clientSecret = OID_CLIENT_SECRET;
    this.#publicUrl = PUBLIC_URL;
    this.#answerMs = Math.min(ANSWER_MS, settings.REQUEST_TIMEOUT_MS / 2);
    this.#metadata = new Refreshed({
      fetch: () => contacts.discovery.note(() => this.#discover(), whyUnavailable),
      freshMs: FRESH_MS,
      retryMs: RETRY_MS,
      sharesWait,
    });
  }

  /** Returns the address of the provider's page for a new login, and what the callback needs. */
  async begin(redirect: string): Promise<{ url: URL; login: StartedLogin }> {
    const config = await this.#config();
    const login = {
      state: oidc.randomState(),
      nonce: oidc.randomNonce(),
      verifier: oidc.randomPKCECodeVerifier(),
      redirect,
    };
    const url = oidc.buildAuthorizationUrl(config, {
      redirect_uri: this.#callback().href,
      scope: SCOPE,
      state: login.state,
      nonce: login.nonce,
      code_challenge: await oidc.calculatePKCECodeChallenge(login.verifier),
      code_challenge_method: 'S256',
    });
    return { url, login };
  }

  /**
   * Returns the claims of the verified ID token for the answer that a browser brought from the provider. The signature
   * is checked with keys fetched for this login, so that new keys of the provider count at once.
   */
  async finish(
    answer: URLSearchParams,
    { state, nonce, verifier }: StartedLogin,
    signal: AbortSignal,
  ): Promise<Readonly<Record<string, unknown>>> {
    const config = await this.#config(signal);
    oidc.enableNonRepudiationChecks(config);
    const url = this.#callback();
    url.search = answer.toString();
    try {
      const tokens = await oidc.authorizationCodeGrant(config, url, {
        expectedState: state,
        expectedNonce: nonce,
        pkceCodeVerifier: verifier,
        idTokenExpected: true,
      });
      return { ...tokens.claims() };
    } catch (error) {
      signal.throwIfAborted();
      throw failureOf(error, 'id-token-invalid');
    }
  }

  /** Returns the address at which the provider ends its own session. Undefined if it has none. */
  async endSession(): Promise<URL | undefined> {
    const config = await this.#config();
    if (config.serverMetadata().end_session_endpoint === undefined) return undefined;
    return oidc.buildEndSessionUrl(config, { post_logout_redirect_uri: new URL('/login', this.#publicUrl).href });
  }

  #callback(): URL {
    return new URL('/oidc-callback', this.#publicUrl);
  }

  async #discover(): Promise<oidc.ServerMetadata> {
    try {
      const found = await oidc.discovery(this.#issuer, this.#clientId, undefined, oidc.None(), {
        [oidc.customFetch]: boundedFetch(this.#answerMs),
        timeout: LIBRARY_S,
        execute: this.#extensions(),
      });
      return found.serverMetadata();
    } catch (error) {
      throw failureOf(error, 'provider-invalid');
    }
  }

  /** A configuration for one login. It holds the keys of the provider, and stops with the signal. */
  async #config(signal?: AbortSignal): Promise<oidc.Configuration> {
    const metadata = await this.#metadata.get();
    const config = new oidc.Configuration(metadata, this.#clientId, undefined, this.#authentication(metadata));
    config[oidc.customFetch] = this.#notingKeys(metadata, boundedFetch(this.#answerMs, signal));
    config.timeout = LIBRARY_S;
    for (const extend of this.#extensions()) extend(config);
    return config;
  }

  #notingKeys({ jwks_uri: address }: oidc.ServerMetadata, fetch: oidc.CustomFetch): oidc.CustomFetch {
    return async (url, options) => {
      if (url !== address) return await fetch(url, options);
      return await this.#contacts.keys.note(async () => okAnswer(await fetch(url, options)), whyUnavailable);
    };
  }

  /** The settings allow an address without TLS only on this machine. */
  #extensions(): ((config: oidc.Configuration) => void)[] {
    return this.#issuer.protocol === 'http:' ? [oidc.allowInsecureRequests] : [];
  }

  #authentication({ token_endpoint_auth_methods_supported: supported }: oidc.ServerMetadata): oidc.ClientAuth {
    if (this.#clientSecret === undefined) return oidc.None();
    const takesBasic = supported === undefined || supported.includes('client_secret_basic'); // the default of the standard
    return takesBasic ? oidc.ClientSecretBasic(this.#clientSecret) : oidc.ClientSecretPost(this.#clientSecret);
  }
}

/** The library refuses an answer with another status too, for a reason that does not name the keys. */
function okAnswer(answer: Response): Response {
  if (answer.status === 200) return answer;
  throw new LoginFailure('provider-invalid', `the keys of the provider: status code ${answer.status}`);
}

const UNEXPECTED_ANSWER = new Set([
  'OAUTH_RESPONSE_IS_NOT_CONFORM',
  'OAUTH_RESPONSE_IS_NOT_JSON',
  'OAUTH_PARSE_ERROR',
  'OAUTH_MISSING_SERVER_METADATA',
  'OAUTH_INVALID_SERVER_METADATA',
]);

/** `otherwise` is the kind of an answer that the library refuses for another reason. */
function failureOf(error: unknown, otherwise: LoginFailureKind): LoginFailure {
  for (let cause = error; cause instanceof Error; cause = cause.cause) if (cause instanceof LoginFailure) return cause;
  if (error instanceof oidc.AuthorizationResponseError) {
    const code = plainCode(error.error);
    return new LoginFailure(code === 'access_denied' ? 'login-refused' : 'login-incomplete', `the provider: ${code}`);
  }
  if (error instanceof oidc.ResponseBodyError) {
    const code = plainCode(error.error);
    const kind = code === 'invalid_grant' ? 'code-refused' : 'provider-refuses-service';
    return new LoginFailure(kind, `the token endpoint: ${code}`);
  }
  if (error instanceof oidc.WWWAuthenticateChallengeError) {
    return new LoginFailure('provider-refuses-service', `the token endpoint: status ${error.status}`);
  }
  if (error instanceof oidc.ClientError) {
    const kind = UNEXPECTED_ANSWER.has(error.code ?? '') ? 'provider-invalid' : otherwise;
    return new LoginFailure(kind, detailOf(error));
  }
  throw error;
}

/** Codes of the standard consist of these characters. The provider could send anything. */
function plainCode(code: string): string {
  return /^[\w.-]{1,60}$/.test(code) ? code : 'an invalid error code';
}

/** The messages of the library are fixed texts. The causes below may contain claims, and are left out. */
function detailOf({ message, cause }: oidc.ClientError): string {
  const isOfLibrary = cause instanceof Error && 'code' in cause && String(cause.code).startsWith('OAUTH_');
  return isOfLibrary ? `${message}: ${cause.message}` : message;
}
