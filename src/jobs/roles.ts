/** The caller of a request, from the token, the session, or with JWT_VALIDATE_USER from the database. */
export interface User {
  name: string;
  /**
   * The roles of the token, each once. An unknown role gives no right. With one, an account is not a machine account.
   */
  roles: ReadonlySet<string>;
  /** The projects that a manager may see. */
  projects: readonly string[];
}

/**
 * Groups of routes that need a role: /api, /userapi, the reports of nodes under /api/healthcheck, and all routes about
 * accounts and the state of the service. The pages are open to every user.
 */
export type RouteGroup = 'api' | 'userapi' | 'node reports' | 'administration';

/** The jobs that a user may see: none, the user's own, also those of the user's projects, all. */
const REACHES = ['none', 'own', 'projects', 'all'] as const;
export type Reach = (typeof REACHES)[number];

/** Tag scopes that do not belong to a user. Any other scope is the name of the user whose private tags it contains. */
export const PUBLIC_SCOPES = ['global', 'admin'] as const;
export type PublicScope = (typeof PUBLIC_SCOPES)[number];

/** The rights that a role gives. A user has the rights of all of the user's roles. */
export interface Rights {
  /** The number of the role in cc-backend's front end, which shows menus by it. A user has the highest. */
  readonly level: number;
  /** A token opens a group only if it also has the role `api`. */
  readonly routes: readonly RouteGroup[];
  readonly jobs: Reach;
  /** The jobs whose user is named in answers and can be used in filters. */
  readonly names: Exclude<Reach, 'none'>;
  /** True if the states and measurements of nodes are shown. */
  readonly seesNodes: boolean;
  /** True if metrics are shown that the cluster configuration marks `restrict`. */
  readonly restrictedMetrics: boolean;
  /** Public scopes only. Private tags always belong to their user. */
  readonly readsTags: readonly PublicScope[];
  readonly writesTags: readonly PublicScope[];
  /** Public scopes whose tags the user may delete everywhere. */
  readonly deletesTags: readonly PublicScope[];
  /** True if the user may read the names and addresses of other accounts. */
  readonly readsAccounts: boolean;
  /**
   * True if the user may write what belongs to the user alone: private tags, saved filters, and settings of the front
   * end. A user without a role may, and the role `api` changes nothing about it.
   */
  readonly writesOwn: boolean;
}

/** The rights of every user, with or without a role. Only `writesOwn` may be missing from a role. */
const NO_ROLE: Rights = {
  level: 0,
  routes: [],
  jobs: 'none',
  names: 'own',
  seesNodes: false,
  restrictedMetrics: false,
  readsTags: ['global'],
  writesTags: [],
  deletesTags: [],
  readsAccounts: false,
  writesOwn: true,
};

/**
 * All roles (contract/auth.md §5), from the fewest rights to the most. Only this file decides by the name of a role.
 */
export const ROLE_RIGHTS = {
  api: { ...NO_ROLE, level: 1 },
  user: {
    level: 2,
    routes: ['userapi', 'node reports'],
    jobs: 'own',
    names: 'own',
    seesNodes: false,
    restrictedMetrics: false,
    readsTags: ['global'],
    writesTags: [],
    deletesTags: [],
    readsAccounts: false,
    writesOwn: true,
  },
  manager: {
    level: 3,
    routes: ['userapi', 'node reports'],
    jobs: 'projects',
    names: 'projects',
    seesNodes: false,
    restrictedMetrics: false,
    readsTags: ['global'],
    writesTags: [],
    deletesTags: [],
    readsAccounts: true,
    writesOwn: true,
  },
  support: {
    level: 4,
    routes: ['userapi'],
    jobs: 'all',
    names: 'all',
    seesNodes: true,
    restrictedMetrics: true,
    readsTags: ['global', 'admin'],
    writesTags: ['global'],
    deletesTags: [],
    readsAccounts: true,
    writesOwn: true,
  },
  admin: {
    level: 5,
    routes: ['api', 'userapi', 'node reports', 'administration'],
    jobs: 'all',
    names: 'all',
    seesNodes: true,
    restrictedMetrics: true,
    readsTags: ['global', 'admin'],
    writesTags: ['global', 'admin'],
    deletesTags: ['global', 'admin'],
    readsAccounts: true,
    writesOwn: true,
  },
} as const satisfies Record<string, Rights>;

export type Role = keyof typeof ROLE_RIGHTS;
export const ROLES = Object.keys(ROLE_RIGHTS) as readonly Role[];

/**
 * A machine account has the role `api` only. It may write tags of scope `admin`, not read them (contract/rest.md §7).
 */
const MACHINE: Rights = {
  level: ROLE_RIGHTS.api.level,
  routes: ['api', 'userapi', 'node reports'],
  jobs: 'all',
  names: 'all',
  seesNodes: false,
  restrictedMetrics: true,
  readsTags: ['global'],
  writesTags: ['global', 'admin'],
  deletesTags: ['global', 'admin'],
  readsAccounts: false,
  writesOwn: true,
};

/** Roles that together give every right, also by token. */
export const EVERY_RIGHT: readonly Role[] = ['admin', 'api'];

/** The roles of a user that may not even write what is the user's own, as users without a role may. */
const NO_RIGHT: ReadonlySet<string> = new Set();

/** A request asks several times. The key is the set itself, which no code changes after it is made. */
const KNOWN_RIGHTS = new WeakMap<ReadonlySet<string>, Rights>([[NO_RIGHT, { ...NO_ROLE, writesOwn: false }]]);

export function rightsOf({ roles }: Pick<User, 'roles'>): Rights {
  const known = KNOWN_RIGHTS.get(roles);
  if (known !== undefined) return known;
  const rights = isMachine(roles) ? MACHINE : unionOfRights(roles);
  KNOWN_RIGHTS.set(roles, rights);
  return rights;
}

function unionOfRights(roles: ReadonlySet<string>): Rights {
  const known = [...roles].filter(isRole);
  const held = [NO_ROLE, ...known.map((role): Rights => ROLE_RIGHTS[role])];
  const otherThanApi = known.filter((role) => role !== 'api').map((role): Rights => ROLE_RIGHTS[role]);
  return {
    level: Math.max(...held.map(({ level }) => level)),
    routes: held.flatMap(({ routes }) => routes),
    jobs: held.map(({ jobs }) => jobs).reduce(wider),
    names: held.map(({ names }) => names).reduce(wider),
    seesNodes: held.some(({ seesNodes }) => seesNodes),
    restrictedMetrics: held.some(({ restrictedMetrics }) => restrictedMetrics),
    readsTags: PUBLIC_SCOPES.filter((scope) => held.some(({ readsTags }) => readsTags.includes(scope))),
    writesTags: PUBLIC_SCOPES.filter((scope) => held.some(({ writesTags }) => writesTags.includes(scope))),
    deletesTags: PUBLIC_SCOPES.filter((scope) => held.some(({ deletesTags }) => deletesTags.includes(scope))),
    readsAccounts: held.some(({ readsAccounts }) => readsAccounts),
    writesOwn: otherThanApi.length === 0 || otherThanApi.some(({ writesOwn }) => writesOwn),
  };
}

function isMachine(roles: ReadonlySet<string>): boolean {
  return roles.size === 1 && roles.has('api');
}

/** The user with only those roles and projects that the other one has too, and with no right that the other lacks. */
export function withRightsOfBoth(user: User, other: Pick<User, 'roles' | 'projects'>): User {
  const roles = new Set([...user.roles].filter((role) => other.roles.has(role)));
  // Without its other roles, a user with the role `api` would be a machine account, which sees all jobs.
  if (isMachine(roles) && !(isMachine(user.roles) && isMachine(other.roles))) roles.clear();
  const writesMore = rightsOf({ roles }).writesOwn && ![user, other].every((each) => rightsOf(each).writesOwn);
  const projects = user.projects.filter((project) => other.projects.includes(project));
  return { ...user, roles: writesMore ? NO_RIGHT : roles, projects };
}

/** Returns the one that reaches more jobs. */
function wider<Either extends Reach>(one: Either, other: Either): Either {
  return reachesLess(one, other) ? other : one;
}

export function reachesLess(one: Reach, other: Reach): boolean {
  return REACHES.indexOf(one) < REACHES.indexOf(other);
}

/** Returns true if a token of this user opens a group of routes. */
export function opensByToken(user: User, group: RouteGroup): boolean {
  return user.roles.has('api') && rightsOf(user).routes.includes(group);
}

/** Returns the roles that open a group of routes. */
export function rolesFor(group: RouteGroup): Role[] {
  return ROLES.filter((role) => (ROLE_RIGHTS[role] as Rights).routes.includes(group));
}

/** Says which roles a group of routes needs, and which this user has. */
export function missingRoles({ roles }: Pick<User, 'roles'>, group: RouteGroup): string {
  const one = rolesFor(group);
  const has = [...roles].slice(0, MOST_NAMED).map((role) => (isRole(role) ? role : JSON.stringify(role.slice(0, 50))));
  const others = one.length === 1 ? one[0] : `one of ${one.join(', ')}`;
  return `this route needs the role api alone, or api and ${others}; this caller has: ${has.join(', ') || 'none'}`;
}

/** The roles of a user that a message names. A token of another system may have any. */
const MOST_NAMED = 10;

export function isRole(text: string): text is Role {
  return Object.hasOwn(ROLE_RIGHTS, text);
}

/**
 * The roles that a user of another system gets from the names of roles there (contract/auth.md §7): never `api`, and
 * `user` if there is no other.
 */
export function rolesOfProvider(names: readonly string[]): Role[] {
  const roles = ROLES.filter((role) => role !== 'api' && names.includes(role));
  return roles.length > 0 ? roles : ['user'];
}

/** Returns true if an account with this role may have projects. */
export function hasProjects(role: string): boolean {
  return isRole(role) && ROLE_RIGHTS[role].jobs === 'projects';
}

/** Returns true if an account has a role other than `user`. */
export function isMoreThanUser(roles: readonly string[]): boolean {
  return roles.some((role) => role !== 'user');
}

export function isPublicScope(scope: string): scope is PublicScope {
  return PUBLIC_SCOPES.some((known) => known === scope);
}
