import { z } from 'zod';
import { rolesOfProvider } from '../../../jobs/roles.ts';
import { type ExternalUser, storableUser } from '../external-account.ts';
import { LoginFailure } from '../external-login-failures.ts';

const texts = z
  .array(z.unknown())
  .catch([])
  .transform((list) => list.filter((item) => typeof item === 'string'));
const text = z.string().optional().catch(undefined);
const Access = z.object({ roles: texts }).catch({ roles: [] });

/** The claims that cc-backend reads (contract/auth.md §7). A claim of another type counts as missing. */
const Claims = z.object({
  name: text,
  email: text,
  projects: texts,
  realm_access: Access,
  resource_access: z.record(z.string(), Access).catch({}),
});

export interface ClaimOptions {
  usernameClaim: string;
  /** The client of the provider whose roles count. `*`: those of all clients, as in cc-backend. */
  roleClient: string;
}

/** The user whom the claims of a verified ID token describe. Throws LoginFailure. */
export function userOfClaims(
  claims: Readonly<Record<string, unknown>>,
  { usernameClaim, roleClient }: ClaimOptions,
): ExternalUser {
  const username = claims[usernameClaim];
  if (typeof username !== 'string' || username === '') {
    throw new LoginFailure('user-name-invalid', `the ID token has no claim ${usernameClaim}`);
  }
  const { name, email, projects, realm_access, resource_access } = Claims.parse(claims);
  const ofClients = Object.entries(resource_access).filter(([client]) => roleClient === '*' || client === roleClient);
  const roles = rolesOfProvider([...realm_access.roles, ...ofClients.flatMap(([, access]) => access.roles)]);
  return storableUser({ username, name, email, roles, projects }, `the claim ${usernameClaim}`);
}
