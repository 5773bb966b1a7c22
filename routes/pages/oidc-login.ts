import { type Context, Hono } from 'hono';
import type { Gate } from '../../src/concurrency-gate.ts';
import { Fault } from '../../src/faults.ts';
import { admitExternal } from '../../src/http/auth/external-account.ts';
import { faultOfLogin, LoginFailure } from '../../src/http/auth/external-login-failures.ts';
import { userOfClaims } from '../../src/http/auth/oidc/claims-of-id-token.ts';
import { keepLogin, takeLogin } from '../../src/http/auth/oidc/login-cookie.ts';
import type { OidcContacts } from '../../src/http/auth/oidc/oidc-contacts.ts';
import type { OidcProvider } from '../../src/http/auth/oidc/provider.ts';
import { addressWithin } from '../../src/http/auth/redirect-target.ts';
import { startSession } from '../../src/http/auth/session-cookie.ts';
import { queryOf } from '../../src/http/request-values.ts';
import type { AppEnv, Service } from '../../src/http/service.ts';
import { failedLogin } from '../../src/pages/login/content.ts';

/** What the routes of an app share. */
interface Shared {
  provider(): Promise<OidcProvider>;
  gate: Gate;
}

/**
 * Single sign-on by OpenID Connect (contract/auth.md §7): /oidc-login leads to the provider, which leads back to
 * /oidc-callback. /oidc-logout leads to the page of the provider that ends the session there.
 */
export function oidcLogin(
  { settings, hasSharedLimits }: Pick<Service, 'settings' | 'hasSharedLimits'>,
  { gate, contacts }: { gate: Gate; contacts: OidcContacts },
): Hono<AppEnv> {
  let loaded: Promise<OidcProvider> | undefined;
  const load = async () => {
    const { OidcProvider: Provider } = await import('../../src/http/auth/oidc/provider.ts');
    return new Provider(settings, { sharesWait: hasSharedLimits, contacts });
  };
  const shared: Shared = { provider: () => (loaded ??= load()), gate };
  return new Hono<AppEnv>()
    .get('/oidc-login', (c) => orLoginPage(c, () => begin(c, shared)))
    .get('/oidc-callback', (c) => orLoginPage(c, () => finish(c, shared)))
    .get('/oidc-logout', (c) => orLoginPage(c, () => endSession(c, shared)));
}

async function begin(c: Context<AppEnv>, shared: Shared): Promise<Response> {
  const redirect = addressWithin(queryOf(c).get('redirect') ?? '');
  const { url, login } = await use(c, shared, (provider) => provider.begin(redirect));
  await keepLogin(c, login, sessionKeyOf(c));
  return c.redirect(url.href, 302);
}

async function finish(c: Context<AppEnv>, shared: Shared): Promise<Response> {
  const { settings } = c.get('service');
  const login = await takeLogin(c, sessionKeyOf(c));
  const answer = queryOf(c);
  if (login === undefined) throw new LoginFailure('login-not-started', 'no cookie of a login, or one that is too old');
  if (answer.get('state') !== login.state) throw new LoginFailure('login-not-started', 'the state is of another login');
  const claims = await use(c, shared, (provider) => provider.finish(answer, login, c.get('deadline').signal));
  const external = userOfClaims(claims, {
    usernameClaim: settings.OIDC_USERNAME_CLAIM,
    roleClient: settings.OIDC_ROLE_CLIENT ?? settings.OID_CLIENT_ID ?? '',
  });
  const { user, hasAccount } = await admitExternal(c, external, {
    source: 'oidc',
    creates: settings.OIDC_SYNC_USER,
    updates: settings.OIDC_UPDATE_USER,
  });
  await startSession(c, user, { oidc: true, hasAccount });
  c.get('log').info({ user: user.name, roles: [...user.roles], by: 'oidc' }, 'logged in');
  return c.redirect(addressWithin(login.redirect), 302);
}

async function endSession(c: Context<AppEnv>, shared: Shared): Promise<Response> {
  const url = await use(c, shared, (provider) => provider.endSession());
  return c.redirect(url?.href ?? '/login', 302);
}

async function use<Result>(
  c: Context<AppEnv>,
  { provider, gate }: Shared,
  work: (provider: OidcProvider) => Promise<Result>,
): Promise<Result> {
  const loaded = await provider();
  return await gate.pass(c.get('deadline'), () => work(loaded));
}

/** Throws `unauthorized` if sessions are off, as in a Worker without SESSION_KEY. */
function sessionKeyOf(c: Context<AppEnv>): string {
  const { sessionKey } = c.get('service');
  if (sessionKey === undefined) throw new Fault('unauthorized', 'login is disabled: SESSION_KEY is not set');
  return sessionKey;
}

/** Shows the login page with the reason if a login fails. */
async function orLoginPage(c: Context<AppEnv>, work: () => Promise<Response>): Promise<Response> {
  try {
    return await work();
  } catch (error) {
    const fault = error instanceof LoginFailure ? faultOfLogin(c, error) : error;
    if (!(fault instanceof Fault) || (fault.status !== 401 && fault.code !== 'login_unavailable')) throw fault;
    return failedLogin(c, fault);
  }
}
