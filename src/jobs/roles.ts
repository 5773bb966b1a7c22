/** Who asks: from the token, the session, or with JWT_VALIDATE_USER from the database. */
export interface User {
  name: string;
  /** As the token has them, without duplicates. A text that is not a role gives no right, but a machine account has none. */
  roles: ReadonlySet<string>;
  /** Projects a manager may see. */
  projects: readonly string[];
}

/**
 * Groups of routes that are not open to everybody: what is under /api and /userapi, the reports of nodes under /api/healthcheck, and
 * accounts and the state of the service, wherever they are. The pages are open to every user.
 */
export type RouteGroup = 'api' | 'userapi' | 'node reports' | 'administration';

/** Jobs: none, the user's own, also those of the user's projects, all. Each includes the ones before it. */
const REACHES = ['none', 'own', 'projects', 'all'] as const;
export type Reach = (typeof REACHES)[number];

/** Scopes of tags that belong to no user. Any other scope is the name of the user whose private tags it holds. */
export const PUBLIC_SCOPES = ['global', 'admin'] as const;
export type PublicScope = (typeof PUBLIC_SCOPES)[number];

/** What a role gives. Users have the rights of all their roles together. */
export interface Rights {
  /** Tokens open a group only if they have the role `api` as well. */
  readonly routes: readonly RouteGroup[];
  readonly jobs: Reach;
  /** Of which of these jobs the user's name is shown, and may be asked for. */
  readonly names: Exclude<Reach, 'none'>;
  /** Whether metrics are shown that the cluster configuration marks `restrict`. */
  readonly restrictedMetrics: boolean;
  /** Private tags aside, which are for their user to read and to write. */
  readonly readsTags: readonly PublicScope[];
  readonly writesTags: readonly PublicScope[];
}

/** The rights of every user, and of those without a role. */
const NO_ROLE: Rights = {
  routes: [],
  jobs: 'none',
  names: 'own',
  restrictedMetrics: false,
  readsTags: ['global'],
  writesTags: [],
};

/** Every role there is (contract/auth.md §5), from the least to the most. No other file decides by the name of a role. */
export const ROLE_RIGHTS = {
  api: NO_ROLE,
  user: {
    routes: ['userapi', 'node reports'],
    jobs: 'own',
    names: 'own',
    restrictedMetrics: false,
    readsTags: ['global'],
    writesTags: [],
  },
  manager: {
    routes: ['userapi', 'node reports'],
    jobs: 'projects',
    names: 'projects',
    restrictedMetrics: false,
    readsTags: ['global'],
    writesTags: [],
  },
  support: {
    routes: ['userapi'],
    jobs: 'all',
    names: 'all',
    restrictedMetrics: true,
    readsTags: ['global', 'admin'],
    writesTags: ['global'],
  },
  admin: {
    routes: ['api', 'userapi', 'node reports', 'administration'],
    jobs: 'all',
    names: 'all',
    restrictedMetrics: true,
    readsTags: ['global', 'admin'],
    writesTags: ['global', 'admin'],
  },
} as const satisfies Record<string, Rights>;

export type Role = keyof typeof ROLE_RIGHTS;
export const ROLES = Object.keys(ROLE_RIGHTS) as readonly Role[];

/** A machine account has the role `api` and no other. It may write tags of scope `admin`, and not read them (contract/rest.md §7). */
const MACHINE: Rights = {
  routes: ['api', 'userapi', 'node reports'],
  jobs: 'all',
  names: 'all',
  restrictedMetrics: true,
  readsTags: ['global'],
  writesTags: ['global', 'admin'],
};

/** Roles that together may do everything, also by a token. */
export const EVERY_RIGHT: readonly Role[] = ['admin', 'api'];

export function rightsOf({ roles }: Pick<User, 'roles'>): Rights {
  if (roles.size === 1 && roles.has('api')) return MACHINE;
  const held = [NO_ROLE, ...[...roles].filter(isRole).map((role): Rights => ROLE_RIGHTS[role])];
  return {
    routes: held.flatMap(({ routes }) => routes),
    jobs: held.map(({ jobs }) => jobs).reduce(wider),
    names: held.map(({ names }) => names).reduce(wider),
    restrictedMetrics: held.some(({ restrictedMetrics }) => restrictedMetrics),
    readsTags: PUBLIC_SCOPES.filter((scope) => held.some(({ readsTags }) => readsTags.includes(scope))),
    writesTags: PUBLIC_SCOPES.filter((scope) => held.some(({ writesTags }) => writesTags.includes(scope))),
  };
}

/** The one of two that reaches more jobs. */
export function wider<Either extends Reach>(one: Either, other: Either): Either {
  return REACHES.indexOf(one) > REACHES.indexOf(other) ? one : other;
}

/** Whether a token of this user opens a group of routes. */
export function opensByToken(user: User, group: RouteGroup): boolean {
  return user.roles.has('api') && rightsOf(user).routes.includes(group);
}

/** The roles that open a group of routes. */
export function rolesFor(group: RouteGroup): Role[] {
  return ROLES.filter((role) => (ROLE_RIGHTS[role] as Rights).routes.includes(group));
}

export function isRole(text: string): text is Role {
  return Object.hasOwn(ROLE_RIGHTS, text);
}

/** Whether the role is about projects, which an account may have then. */
export function hasProjects(role: string): boolean {
  return isRole(role) && ROLE_RIGHTS[role].jobs === 'projects';
}

/** Whether an account has a role beyond that of an ordinary user. */
export function isMoreThanUser(roles: readonly string[]): boolean {
  return roles.some((role) => role !== 'user');
}

export function isPublicScope(scope: string): scope is PublicScope {
  return PUBLIC_SCOPES.some((known) => known === scope);
}
