import { type ClusterSize, clusterSize } from '../clusters/cluster-size.ts';
import type { Clusters } from '../clusters/clusters.ts';
import type { Condition, JobFilter } from './filter.ts';
import type { Group } from './groups.ts';

const PLACES = ['cluster', 'subcluster'] as const;
type Place = (typeof PLACES)[number];

/**
 * Returns the size of the configured clusters and subclusters that a filter names, or of all if it names none. If the
 * groups are clusters or subclusters, it is the size of the one with this name, and undefined for other groups. Its
 * members are undefined if the configuration does not say them.
 */
export function capacityOf(
  clusters: Clusters,
  filter: JobFilter,
  group: { readonly groupBy: Group | undefined; readonly name: string; readonly isOther: boolean },
): ClusterSize | undefined {
  const place = PLACES.find((name) => name === group.groupBy);
  if (place !== undefined && group.isOther) return undefined;
  const subClusters = clusters.list.flatMap((cluster) =>
    cluster.subClusters.filter(({ name }) => {
      const names = { cluster: cluster.name, subcluster: name };
      return (place === undefined || names[place] === group.name) && filter.every((each) => isAbout(each, names));
    }),
  );
  return clusterSize({ subClusters });
}

function isAbout(condition: Condition, names: Readonly<Record<Place, string>>): boolean {
  const place = PLACES.find((name) => condition.kind === 'text' && condition.field === name);
  if (place === undefined || condition.kind !== 'text') return true;
  // Filters by cluster or subcluster have no other operator.
  return condition.operator === 'is' && condition.values.includes(names[place]);
}
