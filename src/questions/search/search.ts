import type { Cluster } from '../../clusters/derive-cluster.ts';
import { hostsFrom } from '../../clusters/node-list.ts';
import { usersByRealName } from '../../db/statements/users-by-real-name.ts';
import { NEWEST_FIRST } from '../../jobs/list-order.ts';
import { rightsOf, type User } from '../../jobs/roles.ts';
import type { CallerQuestions } from '../caller-questions.ts';
import type { ListedJob } from '../list/listed-job-rows.ts';
import { names } from '../names-by-prefix/names-by-prefix.ts';
import { usedNodes } from '../nodes-with-jobs/sqlite.ts';

export interface SearchOptions extends CallerQuestions {
  readonly user: User;
  readonly clusters: readonly Cluster[];
  /** At most so many results of each kind. */
  readonly most: number;
}

export interface SearchResults {
  /** The jobs with this number, and the jobs of the array with this number. Newest first. */
  readonly jobs: readonly ListedJob[];
  readonly arrayJobs: readonly ListedJob[];
  /** Each with the person's name, or ''. */
  readonly users: readonly { readonly username: string; readonly name: string }[];
  readonly projects: readonly string[];
  readonly nodes: readonly { readonly cluster: string; readonly hostname: string }[];
}

export const NOTHING_FOUND: SearchResults = { jobs: [], arrayJobs: [], users: [], projects: [], nodes: [] };

/** Searches for jobs by number, and for users, projects and nodes that begin with a text. */
export async function search(text: string, options: SearchOptions): Promise<SearchResults> {
  // 18 digits always fit in 64 bits.
  const number = /^\d{1,18}$/.test(text) ? BigInt(text) : undefined;
  const nodes = configuredNodes(text, options);
  const [jobs, arrayJobs, users, projects] = await Promise.all([
    jobsWith('job-id', number, options),
    jobsWith('array-job-id', number === 0n ? undefined : number, options), // 0: not part of an array
    usersFrom(text, options),
    namesFrom('project', text, options),
  ]);
  const isFound = [jobs, arrayJobs, users, projects, nodes].some(({ length }) => length > 0);
  if (!isFound && number === undefined) return { ...NOTHING_FOUND, nodes: await nodesInUse(text, options) };
  return { jobs, arrayJobs, users, projects, nodes };
}

async function jobsWith(
  field: 'job-id' | 'array-job-id',
  number: bigint | undefined,
  { questions, visible, most, nowSec, deadline }: SearchOptions,
): Promise<ListedJob[]> {
  if (number === undefined) return [];
  const jobs = visible([{ kind: 'id', field, values: [number] }]);
  return await questions.listed(jobs, { page: 1, itemsPerPage: most, ...NEWEST_FIRST, nowSec }, deadline);
}

async function namesFrom(
  field: 'user' | 'project',
  prefix: string,
  { db, questions, visible, most, nowSec, deadline }: SearchOptions,
): Promise<string[]> {
  return await names({ db, questions }, visible([]), { field, prefix, most, nowSec }, deadline);
}

/** Returns the users of visible jobs, then those whose real names contain the text, for callers who see all jobs. */
async function usersFrom(text: string, options: SearchOptions): Promise<SearchResults['users']> {
  const { db, user, most, deadline } = options;
  const { names: reach, readsAccounts } = rightsOf(user);
  if (reach === 'own') return user.name.startsWith(text) ? [{ username: user.name, name: '' }] : [];
  const [byName, persons] = await Promise.all([
    namesFrom('user', text, options),
    reach === 'all' && readsAccounts ? db.read(usersByRealName(text), deadline) : [],
  ]);
  const all = new Set([...byName, ...persons.map(({ username }) => username)]);
  return [...all].slice(0, most).map((username) => ({
    username,
    name: persons.find((person) => person.username === username)?.name ?? '',
  }));
}

/** Returns the configured nodes that begin with a text. */
function configuredNodes(text: string, { clusters, most }: SearchOptions): SearchResults['nodes'] {
  const found: { cluster: string; hostname: string }[] = [];
  for (const { name: cluster, subClusters } of clusters) {
    for (const { nodeList } of subClusters) {
      if (nodeList === undefined) continue;
      for (const hostname of hostsFrom(nodeList, text)) {
        found.push({ cluster, hostname });
        if (found.length === most) return found;
      }
    }
  }
  return found;
}

/** Returns nodes in use by visible jobs. This reads all running jobs, and parses the hosts of those that may match. */
async function nodesInUse(
  text: string,
  { db, visible, most, nowSec, deadline }: SearchOptions,
): Promise<SearchResults['nodes']> {
  // The condition ignores the case of A-Z.
  const jobs = visible([{ kind: 'text', field: 'node', operator: 'starts-with', values: [text] }]);
  const used = await db.read(usedNodes(nowSec + 1, jobs), deadline);
  const all = used.flatMap(({ cluster, hostnames }) => hostnames.map((hostname) => ({ cluster, hostname })));
  return all.filter(({ hostname }) => hostname.startsWith(text)).slice(0, most);
}
