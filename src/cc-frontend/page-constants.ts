import type { Clusters } from '../clusters/clusters.ts';
import { ROLE_RIGHTS, ROLES, rightsOf, type User } from '../jobs/roles.ts';

/** Constants that the scripts of cc-backend's front end read, by name (contract/frontend.md §1.2). */
export type Globals = Readonly<Record<string, unknown>>;

/** The front end's numbers of the roles. */
export const ROLE_LEVELS: Readonly<Record<string, number>> = Object.fromEntries(
  ROLES.map((role) => [role, ROLE_RIGHTS[role].level]),
);

/** The constants of every page. */
export function commonGlobals(user: User, { list }: Clusters): Globals {
  return {
    hUsername: user.name,
    hAuthlevel: rightsOf(user).level,
    hClusterNames: list.map(({ name }) => name),
    hSubclusterMap: Object.fromEntries(
      list.map(({ name, subClusters }) => [name, subClusters.map((subCluster) => subCluster.name)]),
    ),
    hRoles: ROLE_LEVELS,
  };
}

/** The text of the script that declares the constants. */
export function scriptOf(globals: Globals): string {
  return Object.entries(globals)
    .map(([name, value]) => `const ${name} = ${literal(value)};\n`)
    .join('');
}

/** Characters that could end a script element or, in old browsers, a line. They only occur within strings. */
const UNSAFE = /[<>&\u2028\u2029]/g;

/**
 * A JSON value as a JavaScript expression. It is given to JSON.parse as a string, not written as an object literal:
 * there the key `__proto__` would set the prototype.
 */
function literal(value: unknown): string {
  const text = JSON.stringify(JSON.stringify(value)).replace(
    UNSAFE,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  return `JSON.parse(${text})`;
}
