import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { base64Url, type Key } from '../../src/http/auth/signing-keys.ts';

const ES256 = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

export interface SigningKey {
  kid: string;
  sign(text: string): Promise<string>;
  publicJwk: object;
}

export async function signingKey(kid: string): Promise<SigningKey> {
  const pair = await crypto.subtle.generateKey(ES256, true, ['sign', 'verify']);
  const { privateKey, publicKey } = pair as { privateKey: Key; publicKey: Key };
  const { kty, crv, x, y } = await crypto.subtle.exportKey('jwk', publicKey);
  return {
    kid,
    publicJwk: { kty, crv, x, y, kid, alg: 'ES256', use: 'sig' },
    async sign(text) {
      const bytes = await crypto.subtle.sign(ES256, privateKey, new TextEncoder().encode(text));
      return base64Url(new Uint8Array(bytes));
    },
  };
}

/** A token with these claims and headers. Without a key it has no signature. */
export async function idToken(claims: object, key: SigningKey | undefined, header: object = {}): Promise<string> {
  const part = (value: object) => base64Url(new TextEncoder().encode(JSON.stringify(value)));
  const own = key === undefined ? { alg: 'none' } : { alg: 'ES256', kid: key.kid };
  const signed = `${part({ ...own, ...header })}.${part(claims)}`;
  return `${signed}.${key === undefined ? '' : await key.sign(signed)}`;
}

/** Writes an answer of its own. */
type Answer = (response: ServerResponse, request: IncomingMessage) => void | Promise<void>;

export type HostileProvider = Awaited<ReturnType<typeof hostileProvider>>;

/** A provider of which each answer can be replaced. Without a replacement it is valid. */
export async function hostileProvider() {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}`;
  const key = await signingKey('first');
  const json =
    (body: unknown, status = 200): Answer =>
    (response) => {
      response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
    };
  const state = {
    url,
    json,
    asked: [] as string[],
    metadata: {
      issuer: url,
      authorization_endpoint: `${url}/authorize`,
      token_endpoint: `${url}/token`,
      jwks_uri: `${url}/keys`,
      response_types_supported: ['code'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: ['ES256'],
    } as Record<string, unknown>,
    /** The keys that the provider publishes. */
    keys: [key],
    /** The key with which it signs. */
    key: key as SigningKey | undefined,
    header: {} as object,
    /** Replaces claims of the ID token. The nonce is that of the newest authorization request. */
    claims: {} as Record<string, unknown>,
    nonce: '',
    answers: {} as Record<string, Answer | undefined>,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  const token: Answer = async (response, request) => {
    const nowSec = Math.floor(Date.now() / 1000);
    const claims = {
      iss: url,
      aud: 'cc-jobs',
      sub: 'ada',
      iat: nowSec,
      exp: nowSec + 300,
      nonce: state.nonce,
      preferred_username: 'ada',
      ...state.claims,
    };
    const id_token = await idToken(claims, state.key, state.header);
    await json({ access_token: 'x', token_type: 'Bearer', id_token })(response, request);
  };
  const usual: Record<string, Answer> = {
    '/.well-known/openid-configuration': (...both) => json(state.metadata)(...both),
    '/keys': (...both) => json({ keys: state.keys.map(({ publicJwk }) => publicJwk) })(...both),
    '/token': token,
  };
  server.on('request', async (request, response) => {
    const { pathname } = new URL(request.url ?? '/', url);
    state.asked.push(pathname);
    request.resume();
    const answer = state.answers[pathname] ?? usual[pathname];
    if (answer === undefined) response.writeHead(404).end();
    else await answer(response, request);
  });
  return state;
}
