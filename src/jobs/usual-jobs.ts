import type { PastJob } from './walltime-advice.ts';

/** Jobs of a user that are alike in all properties. */
export interface UsualJobs extends Pick<PastJob, 'cluster' | 'partition' | 'family' | 'size'> {
  readonly jobs: number;
  /** What the newest of them asked for. Undefined if it is unknown. */
  readonly walltime: number | undefined;
}

/** Returns the kinds with most jobs. `past` are jobs of one user, newest start first. */
export function usualJobs(past: readonly PastJob[], most: number): UsualJobs[] {
  const kinds = Map.groupBy(past, ({ cluster, partition, family, size }) =>
    JSON.stringify([cluster, partition, family, size]),
  );
  return [...kinds.values()]
    .sort((a, b) => b.length - a.length)
    .slice(0, most)
    .flatMap(([newest, ...others]) => {
      if (newest === undefined) return [];
      const { cluster, partition, family, size, walltime } = newest;
      return [
        { cluster, partition, family, size, jobs: others.length + 1, walltime: walltime > 0 ? walltime : undefined },
      ];
    });
}
