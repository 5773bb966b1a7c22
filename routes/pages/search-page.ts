import { type Context, Hono } from 'hono';
import { z } from 'zod';
import { hostsFrom } from '../../src/clusters/node-list.ts';
import { usersByRealName } from '../../src/db/statements/users-by-real-name.ts';
import { Fault } from '../../src/faults.ts';
import { visibleJobs } from '../../src/http/auth/visible-jobs.ts';
import { once, readQuery } from '../../src/http/query/query-parameters.ts';
import { nowSec, queryOf } from '../../src/http/request-values.ts';
import type { AppEnv } from '../../src/http/service.ts';
import { BOUNDS } from '../../src/jobs/input-bounds.ts';
import { NEWEST_FIRST } from '../../src/jobs/list-order.ts';
import { rightsOf } from '../../src/jobs/roles.ts';
import { address } from '../../src/pages/filter/filter-words.ts';
import { pageAnswer } from '../../src/pages/layout.ts';
import { type Found, searchContent } from '../../src/pages/search/content.ts';
import { MOST_RESULTS } from '../../src/pages/search/search-results.ts';
import type { ListedJob } from '../../src/questions/list/listed-job-rows.ts';
import { names } from '../../src/questions/names-by-prefix/names-by-prefix.ts';
import { usedNodes } from '../../src/questions/nodes-with-jobs/sqlite.ts';

const VIEW = z.strictObject({ q: once(searched, '', { description: 'text to search for' }) });
/** One more than the page shows, so that it can say that there are more. */
const READ = MOST_RESULTS + 1;

/** GET /find: searches for jobs by number, and for users, projects and nodes that begin with a text. */
export const searchPage = new Hono<AppEnv>().get('/find', async (c) => {
  const { q: text } = readQuery(queryOf(c), VIEW);
  const found = text === '' ? NOTHING : await search(c, text);
  const only = onlyJobs({ ...found, text });
  if (only !== undefined) return c.redirect(only);
  return pageAnswer(c, { title: 'Search', content: searchContent({ ...found, text }), scripts: ['jobs.js'] });
});

const NOTHING: Omit<Found, 'text'> = { jobs: [], arrayJobs: [], users: [], projects: [], nodes: [] };

function searched(text: string): string {
  const trimmed = text.trim();
  if (trimmed.length <= BOUNDS.text.most) return trimmed;
  throw new Fault('invalid_request', `must have at most ${BOUNDS.text.most} characters`);
}

async function search(c: Context<AppEnv>, text: string): Promise<Omit<Found, 'text'>> {
  // 18 digits always fit in 64 bits.
  const number = /^\d{1,18}$/.test(text) ? BigInt(text) : undefined;
  const nodes = configuredNodes(c, text);
  const [jobs, arrayJobs, users, projects] = await Promise.all([
    jobsWith(c, 'job-id', number),
    jobsWith(c, 'array-job-id', number === 0n ? undefined : number), // 0: not part of an array
    usersFrom(c, text),
    namesFrom(c, 'project', text),
  ]);
  const isFound = [jobs, arrayJobs, users, projects, nodes].some(({ length }) => length > 0);
  if (!isFound && number === undefined) return { ...NOTHING, nodes: await nodesInUse(c, text) };
  return { jobs, arrayJobs, users, projects, nodes };
}

/** Returns where to go if jobs of one number are all that the whole text names. */
function onlyJobs({ text, jobs, arrayJobs, users, projects, nodes }: Found): string | undefined {
  const others = [...users.map(({ username }) => username), ...projects, ...nodes.map(({ hostname }) => hostname)];
  if (others.includes(text)) return undefined;
  const [first, ...more] = jobs;
  if (first === undefined) return arrayJobs.length === 0 ? undefined : listOf('array-job-id', text);
  if (arrayJobs.some(({ id }) => id !== first.id)) return undefined;
  return more.length === 0 ? `/jobs/${first.id}` : listOf('job-id', text);
}

function listOf(field: 'job-id' | 'array-job-id', value: string): string {
  return address('/jobs', new URLSearchParams({ [field]: value }));
}

async function jobsWith(c: Context<AppEnv>, field: 'job-id' | 'array-job-id', number?: bigint): Promise<ListedJob[]> {
  if (number === undefined) return [];
  const jobs = visibleJobs(c, [{ kind: 'id', field, values: [number] }]);
  const page = { page: 1, itemsPerPage: READ, ...NEWEST_FIRST, nowSec: nowSec(c) };
  return await c.get('jobs').listed(jobs, page, c.get('deadline'));
}

async function namesFrom(c: Context<AppEnv>, field: 'user' | 'project', prefix: string): Promise<string[]> {
  const asked = { field, prefix, most: READ, nowSec: nowSec(c) };
  const engines = { db: c.get('db'), questions: c.get('jobs') };
  return await names(engines, visibleJobs(c), asked, c.get('deadline'));
}

/** Returns the users of visible jobs, then those whose real names contain the text, for callers who see all jobs. */
async function usersFrom(c: Context<AppEnv>, text: string): Promise<Found['users']> {
  const user = c.get('user');
  const { names: reach, readsAccounts } = rightsOf(user);
  if (reach === 'own') return user.name.startsWith(text) ? [{ username: user.name, name: '' }] : [];
  const [byName, persons] = await Promise.all([
    namesFrom(c, 'user', text),
    reach === 'all' && readsAccounts ? c.get('db').read(usersByRealName(text), c.get('deadline')) : [],
  ]);
  const all = new Set([...byName, ...persons.map(({ username }) => username)]);
  return [...all].slice(0, READ).map((username) => ({
    username,
    name: persons.find((person) => person.username === username)?.name ?? '',
  }));
}

/** Returns the configured nodes that begin with a text. */
function configuredNodes(c: Context<AppEnv>, text: string): Found['nodes'] {
  const found: { cluster: string; hostname: string }[] = [];
  for (const { name: cluster, subClusters } of c.get('service').clusters.list) {
    for (const { nodeList } of subClusters) {
      if (nodeList === undefined) continue;
      for (const hostname of hostsFrom(nodeList, text)) {
        found.push({ cluster, hostname });
        if (found.length === READ) return found;
      }
    }
  }
  return found;
}

/** Returns nodes in use by visible jobs. This reads all running jobs, and parses the hosts of those that may match. */
async function nodesInUse(c: Context<AppEnv>, text: string): Promise<Found['nodes']> {
  // The condition ignores the case of A-Z.
  const jobs = visibleJobs(c, [{ kind: 'text', field: 'node', operator: 'starts-with', values: [text] }]);
  const used = await c.get('db').read(usedNodes(nowSec(c) + 1, jobs), c.get('deadline'));
  const all = used.flatMap(({ cluster, hostnames }) => hostnames.map((hostname) => ({ cluster, hostname })));
  return all.filter(({ hostname }) => hostname.startsWith(text)).slice(0, READ);
}
