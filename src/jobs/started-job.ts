import type { Clusters } from '../clusters/clusters.ts';
import { Fault } from '../faults.ts';
import type { StorableJob, StoredResources } from './job.ts';
import { SHARED } from './job-enums.ts';
import { valuesProblem } from './job-validation.ts';

/** A job that starts, as reported by a scheduler. Its texts and numbers have not been checked yet. */
export interface StartRequest
  extends Omit<StorableJob, 'shared' | 'monitoringStatus' | 'jobState' | 'resources' | 'metaData'> {
  shared: string;
  monitoringStatus: number;
  resources: StoredResources;
  /** JSON of an object of texts, or of null. */
  metaData: string;
}

/** A job that starts, with its resources and metadata as the JSON to be stored. */
export interface StartedJob extends Omit<StorableJob, 'resources' | 'metaData'> {
  resources: string;
  metaData: string;
}

export interface StartSurroundings {
  clusters: Clusters;
  nowSec: number;
  /** The setting UNKNOWN_HOST_SUBCLUSTER. */
  unknownHosts: string;
}

/**
 * Returns the job to be stored as running. Finds its subcluster if the request does not name one. Throws
 * invalid_request with the first problem, in the order of contract/rest.md §4.
 */
export function startedJob(request: StartRequest, surroundings: StartSurroundings): StartedJob {
  const { clusters, nowSec } = surroundings;
  const { cluster, resources, numNodes, monitoringStatus } = request;
  const missing = missingField(request);
  if (missing !== undefined) throw invalid(missing);
  const problem = valuesProblem({ ...request, jobState: 'running' }, nowSec) ?? resources.problem;
  if (problem !== undefined) throw invalid(problem);
  if (clusters.get(cluster) === undefined)
    throw invalid(`no such cluster ${shown(cluster)} in the loaded configuration`);
  const subCluster = subClusterOf(request, surroundings);
  if (resources.hosts !== numNodes)
    throw invalid(`numNodes is ${numNodes}, but there are ${resources.hosts} resources`);
  const shared = SHARED.find((word) => word === request.shared);
  if (shared === undefined) throw invalid(`shared must be one of ${SHARED.join(', ')}`); // checked above
  if (!isMonitoringStatus(monitoringStatus)) throw invalid('monitoringStatus must be 0, 1, 2 or 3');
  return { ...request, resources: resources.json, subCluster, shared, monitoringStatus, jobState: 'running' };
}

/**
 * The texts and numbers that a job needs to start. A missing one is read as '' or 0. A missing jobId or startTime is
 * stored as 0, as in cc-backend (contract/rest.md §4).
 */
const REQUIRED = ['cluster', 'user', 'numNodes'] as const;

function missingField(request: StartRequest): string | undefined {
  const name = REQUIRED.find((field) => request[field] === '' || request[field] === 0);
  if (name !== undefined) return `${name} is missing or ${request[name] === '' ? 'empty' : 0}`;
  if (request.resources.hosts === 0) return 'resources is missing or empty: list the hosts of the job';
  return request.resources.isUnnamed ? 'the hostname of a resource is missing or empty' : undefined;
}

function subClusterOf({ cluster, subCluster, resources }: StartRequest, surroundings: StartSurroundings): string {
  const { clusters, unknownHosts } = surroundings;
  if (subCluster !== '') {
    if (clusters.subCluster(cluster, subCluster) !== undefined) return subCluster;
    throw invalid(`cluster ${shown(cluster)} has no subcluster ${shown(subCluster)}`);
  }
  const host = resources.firstHost;
  const found = clusters.subClusterOfReported(cluster, host, unknownHosts);
  if (found === undefined) {
    throw invalid(
      `no subcluster of ${shown(cluster)} has a node ${shown(host)}: add it to cluster.json, or set UNKNOWN_HOST_SUBCLUSTER`,
    );
  }
  return found;
}

function isMonitoringStatus(value: number): value is StorableJob['monitoringStatus'] {
  return value === 0 || value === 1 || value === 2 || value === 3;
}

function invalid(message: string): Fault {
  return new Fault('invalid_request', message);
}

/** Quotes a caller's text in a message. 100 characters are enough to recognize it. */
function shown(text: string): string {
  return JSON.stringify(text.slice(0, 100));
}
