import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Provider } from 'oidc-provider';

/** The client that the service is at this provider. Its secret has characters that a URL escapes. */
export const CLIENT = { id: 'cc-jobs', secret: 'a secret/of the+client%' };

export interface RealProvider {
  url: string;
  /** The claims of the users by their names. `sub` is the name. */
  users: Record<string, Record<string, unknown>>;
  /** The user who logs in next, or undefined: the user refuses. */
  visitor: string | undefined;
  close(): Promise<void>;
}

/** A real OpenID Connect provider, whose login page answers by itself for `visitor`. */
export async function realProvider(redirectUri: string, logoutUri: string): Promise<RealProvider> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const state: RealProvider = {
    url,
    users: {},
    visitor: undefined,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  const provider = new Provider(url, {
    clients: [
      {
        client_id: CLIENT.id,
        client_secret: CLIENT.secret,
        redirect_uris: [redirectUri],
        post_logout_redirect_uris: [logoutUri],
      },
    ],
    cookies: { keys: ['a key of the test'] },
    // As Keycloak does with its client scopes: the claims are in the ID token.
    conformIdTokenClaims: false,
    claims: {
      openid: ['sub'],
      email: ['email'],
      profile: ['name', 'preferred_username', 'projects', 'realm_access', 'resource_access'],
    },
    ttl: { AccessToken: 600, AuthorizationCode: 60, Grant: 600, IdToken: 600, Interaction: 600, Session: 600 },
    pkce: { required: () => true },
    features: { devInteractions: { enabled: false } },
    interactions: { url: (_: unknown, { uid }: { uid: string }) => `/interaction/${uid}` },
    findAccount: (_: unknown, id: string) => ({
      accountId: id,
      claims: () => ({ sub: id, preferred_username: id, ...state.users[id] }),
    }),
  });
  const callback = provider.callback();
  server.on('request', async (request, response) => {
    if (!request.url?.startsWith('/interaction/')) return await callback(request, response);
    const { params } = await provider.interactionDetails(request, response);
    const { visitor } = state;
    if (visitor === undefined) {
      return await provider.interactionFinished(request, response, {
        error: 'access_denied',
        error_description: 'the user refused',
      });
    }
    const grant = new provider.Grant({ accountId: visitor, clientId: params['client_id'] ?? '' });
    grant.addOIDCScope(params['scope'] ?? '');
    return await provider.interactionFinished(request, response, {
      login: { accountId: visitor },
      consent: { grantId: await grant.save() },
    });
  });
  return state;
}
