import { type RouteGroup, rightsOf, type User } from '../jobs/roles.ts';

export interface NavEntry {
  path: string;
  label: string;
  /** The group of routes that a user needs, if the page is not open to every user. */
  group?: RouteGroup;
}

/** The pages in the navigation. */
export const NAV: readonly NavEntry[] = [
  { path: '/', label: 'Overview' },
  { path: '/jobs', label: 'Jobs' },
  { path: '/statistics', label: 'Statistics' },
  { path: '/timeline', label: 'Timeline' },
  { path: '/partitions', label: 'Partitions' },
  { path: '/report', label: 'Report' },
  { path: '/system', label: 'System', group: 'administration' },
];

/** Returns the pages of the navigation that this user may see. */
export function pagesFor(user: User): readonly NavEntry[] {
  const { routes } = rightsOf(user);
  return NAV.filter(({ group }) => group === undefined || routes.includes(group));
}
