import type { Clusters } from '../clusters/clusters.ts';
import { Fault } from '../faults.ts';
import { SHARED, type StorableJob, type StoredResources } from './job.ts';
import { valuesProblem } from './job-bounds.ts';

/** What a scheduler says of a job that starts: a job whose words and numbers nobody has looked at yet. */
export interface StartRequest
  extends Omit<StorableJob, 'shared' | 'monitoringStatus' | 'jobState' | 'resources' | 'metaData'> {
  shared: string;
  monitoringStatus: number;
  resources: StoredResources;
  /** JSON of an object of texts, or of null. */
  metaData: string;
}

/** A job that starts, with its resources and its metadata as the JSON that is stored. */
export interface StartedJob extends Omit<StorableJob, 'resources' | 'metaData'> {
  resources: string;
  metaData: string;
}

export interface StartSurroundings {
  clusters: Clusters;
  nowSec: number;
  /** UNKNOWN_HOST_SUBCLUSTER. */
  unknownHosts: string;
}

/**
 * The job that starts: running, its subcluster found where it was not named. Throws invalid_request with the first thing
 * that is wrong, in the order of contract/rest.md §4.
 */
export function startedJob(request: StartRequest, surroundings: StartSurroundings): StartedJob {
  const { clusters, nowSec } = surroundings;
  const { cluster, resources, user, numNodes, monitoringStatus } = request;
  const problem = valuesProblem({ ...request, jobState: 'running' }, nowSec) ?? resources.problem;
  if (problem !== undefined) throw invalid(problem);
  if (clusters.get(cluster) === undefined) throw invalid(`no such cluster: ${shown(cluster)}`);
  const subCluster = subClusterOf(request, surroundings);
  if (resources.hosts === 0) throw invalid('resources is empty: list the hosts of the job');
  if (resources.isUnnamed) throw invalid('a resource has no hostname');
  if (user === '') throw invalid('user is empty');
  if (resources.hosts !== numNodes)
    throw invalid(`numNodes is ${numNodes}, but there are ${resources.hosts} resources`);
  const shared = SHARED.find((word) => word === request.shared);
  if (shared === undefined) throw invalid(`shared must be one of ${SHARED.join(', ')}`); // narrowing only: checked above
  if (!isMonitoringStatus(monitoringStatus)) throw invalid('monitoringStatus must be 0, 1, 2 or 3');
  return { ...request, resources: resources.json, subCluster, shared, monitoringStatus, jobState: 'running' };
}

function subClusterOf({ cluster, subCluster, resources }: StartRequest, surroundings: StartSurroundings): string {
  const { clusters, unknownHosts } = surroundings;
  if (subCluster !== '') {
    if (clusters.subCluster(cluster, subCluster) !== undefined) return subCluster;
    throw invalid(`cluster ${shown(cluster)} has no subcluster ${shown(subCluster)}`);
  }
  const host = resources.firstHost;
  const found = clusters.subClusterOfReported(cluster, host, unknownHosts);
  if (found === undefined) throw invalid(`no subcluster of ${shown(cluster)} has a node ${shown(host)}`);
  return found;
}

function isMonitoringStatus(value: number): value is StorableJob['monitoringStatus'] {
  return value === 0 || value === 1 || value === 2 || value === 3;
}

function invalid(message: string): Fault {
  return new Fault('invalid_request', message);
}

/** A caller's text in a message: so much of it that he knows it again. */
function shown(text: string): string {
  return JSON.stringify(text.slice(0, 100));
}
