import type { User } from '../jobs/roles.ts';

export interface NavEntry {
  path: string;
  label: string;
  /** Whether it is for this user. */
  isFor(user: User): boolean;
}

const everybody = () => true;

/** The pages one can go to from anywhere. */
export const NAV: readonly NavEntry[] = [
  { path: '/', label: 'Overview', isFor: everybody },
  { path: '/jobs', label: 'Jobs', isFor: everybody },
  { path: '/statistics', label: 'Statistics', isFor: everybody },
  { path: '/system', label: 'System', isFor: ({ roles }) => roles.has('admin') },
];
