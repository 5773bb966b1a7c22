import type { SearchResults } from '../../questions/search/search.ts';

interface FoundKind {
  /** The heading of its results. */
  readonly title: string;
  /** What people type to find it. */
  readonly typed: string;
  /** Its word in the search box. The box has no room for all kinds. */
  readonly short?: string;
}

/** What the search finds, in the order of its results. */
export const FOUND_KINDS = {
  jobs: { title: 'Jobs', typed: 'the number of a job', short: 'job' },
  arrayJobs: { title: 'Jobs of the array', typed: 'the number of an array' },
  users: { title: 'Users', typed: 'a user', short: 'user' },
  projects: { title: 'Projects', typed: 'a project', short: 'project' },
  nodes: { title: 'Nodes', typed: 'a node', short: 'node' },
} as const satisfies Readonly<Record<keyof SearchResults, FoundKind>>;

/** The results shown of each kind. */
export const MOST_RESULTS = 20;

const ALL: readonly FoundKind[] = Object.values(FOUND_KINDS);

/** The text in the empty search box. */
export const PLACEHOLDER = ALL.flatMap(({ short }) => short ?? []).join(', ');

/** What to search for, as a part of a sentence. */
export const SEARCHABLE = new Intl.ListFormat('en-GB', { type: 'disjunction' }).format(ALL.map(({ typed }) => typed));
