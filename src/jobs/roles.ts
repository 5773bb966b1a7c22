/** The roles that mean something (contract/auth.md §5). */
export const ROLES = ['api', 'user', 'manager', 'support', 'admin'] as const;
export type Role = (typeof ROLES)[number];

/** Who asks: from the token, or with JWT_VALIDATE_USER from the database. */
export interface User {
  name: string;
  /** As the token has them, without duplicates: a text that is no role gives no right, but counts (`isMachine`). */
  roles: ReadonlySet<Role | (string & {})>;
  /** Projects a manager may see. */
  projects: readonly string[];
}

/** A machine account: the role `api` and no other. */
export function isMachine(user: User): boolean {
  return user.roles.size === 1 && user.roles.has('api');
}

/** Admin and support read everything, and tags of scope `admin`. */
export function isStaff(user: User): boolean {
  return user.roles.has('admin') || user.roles.has('support');
}
