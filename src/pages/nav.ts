import { type RouteGroup, rightsOf, type User } from '../jobs/roles.ts';

export interface NavEntry {
  path: string;
  label: string;
  /** Of routes that are not open to every user. */
  group?: RouteGroup;
}

/** The pages one can go to from anywhere. */
export const NAV: readonly NavEntry[] = [
  { path: '/', label: 'Overview' },
  { path: '/jobs', label: 'Jobs' },
  { path: '/statistics', label: 'Statistics' },
  { path: '/system', label: 'System', group: 'administration' },
];

/** Those of them that this user may see. */
export function pagesFor(user: User): readonly NavEntry[] {
  const { routes } = rightsOf(user);
  return NAV.filter(({ group }) => group === undefined || routes.includes(group));
}
