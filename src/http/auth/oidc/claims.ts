import { z } from 'zod';
import { textProblem } from '../../../jobs/job-problems.ts';
import { BOUNDS } from '../../../jobs/length-bounds.ts';
import { hasProjects, rolesOfProvider } from '../../../jobs/roles.ts';
import type { ExternalUser } from '../external-account.ts';
import { LoginFailure } from '../login-failures.ts';

/** Bytes, as for other accounts (contract/rest.md §9). */
const MOST_NAME_BYTES = 100;

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
  /** The client of the provider whose roles count. Undefined: those of all clients, as in cc-backend. */
  roleClient: string | undefined;
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
  const bytes = new TextEncoder().encode(username).length;
  if (bytes > MOST_NAME_BYTES || !username.isWellFormed() || textProblem(usernameClaim, username) !== undefined) {
    throw new LoginFailure(
      'user-name-invalid',
      `the claim ${usernameClaim} must be a text of at most ${MOST_NAME_BYTES} bytes without control characters`,
    );
  }
  const { name, email, projects, realm_access, resource_access } = Claims.parse(claims);
  const ofClients = Object.entries(resource_access).filter(([client]) => client === (roleClient ?? client));
  const roles = rolesOfProvider([...realm_access.roles, ...ofClients.flatMap(([, access]) => access.roles)]);
  return {
    username,
    name: bounded(name),
    email: bounded(email),
    roles,
    projects: roles.some(hasProjects) ? storable(projects) : [],
  };
}

function bounded(value: string | undefined): string | undefined {
  return value?.toWellFormed().slice(0, BOUNDS.text.most);
}

/** Projects that are too long for an account, or too many, are left out. */
function storable(projects: readonly string[]): string[] {
  const fitting = projects.filter((project) => project !== '' && project.length <= BOUNDS.text.most);
  return [...new Set(fitting)].slice(0, BOUNDS.projectsOfAccount.most);
}
