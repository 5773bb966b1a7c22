import { type Context, Hono } from 'hono';
import type { Entry } from '../../src/cc-frontend/files.ts';
import { filterPresets } from '../../src/cc-frontend/filter-presets.ts';
import { type Globals, ROLE_LEVELS } from '../../src/cc-frontend/page-constants.ts';
import { configurationOf } from '../../src/cc-frontend/user-settings.ts';
import { userByName } from '../../src/db/statements/user-by-name.ts';
import { visibleJobs } from '../../src/http/auth/visible-jobs.ts';
import { queryOf } from '../../src/http/request-values.ts';
import type { AppEnv } from '../../src/http/service.ts';
import { MINIMUM_POINTS } from '../../src/jobs/resampling.ts';
import { isPublicScope, ROLE_RIGHTS, type Role, rightsOf } from '../../src/jobs/roles.ts';
import { shellAnswer } from '../../src/pages/cc-frontend/shell.ts';
import { tagCounts } from '../../src/questions/tag-counts/sqlite.ts';

/** A page of cc-backend's front end: its script, and what the script reads besides the constants of every page. */
interface Route {
  path: string;
  title: string | ((c: Context<AppEnv>) => string);
  entry: Entry;
  globals: (c: Context<AppEnv>) => Globals | Promise<Globals>;
  /** True for pages that plot metric data. */
  resamples?: true;
  /** True for pages that show the settings of the user. */
  configured?: false;
  hasHeader?: false;
}

const presets = (c: Context<AppEnv>) => ({ filterPresets: filterPresets(queryOf(c)) });
const rights = ({ var: { user } }: Context<AppEnv>) => ({ authlevel: rightsOf(user).level, roles: ROLE_LEVELS });
const param = (c: Context<AppEnv>, name: string) => c.req.param(name) ?? '';

/** The pages of cc-backend 1.5.4 in its order (contract/frontend.md §1.2). They show what their data allows, to anyone. */
const ROUTES: readonly Route[] = [
  {
    path: '/config',
    title: 'Settings',
    entry: 'config',
    globals: (c) => ({
      isAdmin: holds(c, 'admin'),
      isSupport: holds(c, 'support'),
      isApi: holds(c, 'api'),
      username: c.get('user').name,
      filterPresets: null,
      ncontent: null,
    }),
    resamples: true,
  },
  {
    path: '/monitoring/jobs/',
    title: 'Jobs - ClusterCockpit',
    entry: 'jobs',
    globals: (c) => ({ ...presets(c), ...rights(c) }),
    resamples: true,
  },
  {
    path: '/monitoring/job/:id{[0-9]+}',
    title: (c) => `Job ${param(c, 'id')} - ClusterCockpit`,
    entry: 'job',
    globals: (c) => ({
      jobInfos: { id: param(c, 'id') },
      username: c.get('user').name,
      ...rights(c),
      emission: null,
    }),
    resamples: true,
  },
  {
    path: '/monitoring/users/',
    title: 'Users - ClusterCockpit',
    entry: 'list',
    globals: (c) => ({ listType: 'USER', ...presets(c) }),
  },
  {
    path: '/monitoring/projects/',
    title: 'Projects - ClusterCockpit',
    entry: 'list',
    globals: (c) => ({ listType: 'PROJECT', ...presets(c) }),
  },
  {
    path: '/monitoring/tags/',
    title: 'Tags - ClusterCockpit',
    entry: 'taglist',
    globals: async (c) => ({ username: c.get('user').name, isAdmin: holds(c, 'admin'), tagmap: await tagMap(c) }),
  },
  {
    path: '/monitoring/user/:id',
    title: (c) => `User ${param(c, 'id')} - ClusterCockpit`,
    entry: 'user',
    globals: async (c) => ({ userInfos: await userInfos(c), ...presets(c) }),
    resamples: true,
  },
  {
    path: '/monitoring/systems/:cluster',
    title: (c) => `Cluster ${param(c, 'cluster')} Node Overview - ClusterCockpit`,
    entry: 'systems',
    globals: (c) => display('OVERVIEW', { ...clusterInfos(c), ...times(c, 'either') }),
    resamples: true,
  },
  ...['', '/:subcluster'].map(
    (tail): Route => ({
      path: `/monitoring/systems/list/:cluster${tail}`,
      title: (c) => `Cluster ${[param(c, 'cluster'), param(c, 'subcluster')].join(' ')} Node List - ClusterCockpit`,
      entry: 'systems',
      globals: (c) => {
        const subCluster = param(c, 'subcluster');
        return display('LIST', { ...clusterInfos(c), sid: subCluster, subCluster, ...times(c, 'either') });
      },
      resamples: true,
    }),
  ),
  {
    path: '/monitoring/node/:cluster/:hostname',
    title: (c) => `Node ${param(c, 'hostname')} - ClusterCockpit`,
    entry: 'node',
    globals: (c) => {
      const [cluster, hostname] = [param(c, 'cluster'), param(c, 'hostname')];
      return { infos: { cluster, hostname, id: `${cluster} (${hostname})`, ...times(c, 'both') } };
    },
  },
  {
    path: '/monitoring/analysis/:cluster',
    title: 'Analysis - ClusterCockpit',
    entry: 'analysis',
    globals: (c) => ({ cluster: param(c, 'cluster'), ...presets(c) }),
  },
  {
    path: '/monitoring/status/:cluster',
    title: (c) => `${param(c, 'cluster')} Dashboard - ClusterCockpit`,
    entry: 'status',
    globals: (c) => display('DASHBOARD', clusterInfos(c)),
  },
  {
    path: '/monitoring/status/detail/:cluster',
    title: (c) => `Status of ${param(c, 'cluster')} - ClusterCockpit`,
    entry: 'status',
    globals: (c) => display('DETAILS', clusterInfos(c)),
  },
  {
    path: '/monitoring/dashboard/:cluster',
    title: (c) => `${param(c, 'cluster')} Dashboard - ClusterCockpit`,
    entry: 'dashpublic',
    globals: (c) => ({ presetCluster: param(c, 'cluster') }),
    hasHeader: false,
  },
  {
    path: '/monitoring/logs',
    title: 'Logs - ClusterCockpit',
    entry: 'logs',
    globals: (c) => ({ isAdmin: holds(c, 'admin') }),
    configured: false,
  },
];

export const monitoring = new Hono<AppEnv>();
for (const { path, title, entry, globals, resamples = false, configured = true, hasHeader = true } of ROUTES) {
  monitoring.get(path, async (c) =>
    shellAnswer(c, {
      title: typeof title === 'string' ? title : title(c),
      entry,
      globals: {
        ...(await globals(c)),
        ...(configured ? { clusterCockpitConfig: await configuration(c) } : {}),
        ...(resamples ? { resampleConfig: resampling(c) } : {}),
      },
      hasHeader,
    }),
  );
}

/** Visible points of a plot below which the page asks for a finer resolution, as in the documentation of cc-backend. */
const TRIGGER_POINTS = 30;

/** How the pages ask for metric data in lower resolutions. null: they ask for it as stored. */
function resampling({ var: { service } }: Context<AppEnv>) {
  const { METRIC_RESOLUTIONS: resolutions } = service.settings;
  if (resolutions.length === 0) return null;
  return { 'minimum-points': MINIMUM_POINTS, resolutions, trigger: TRIGGER_POINTS };
}

async function configuration(c: Context<AppEnv>) {
  const db = c.get('db');
  const user = c.get('user');
  const service = c.get('service');
  const deadline = c.get('deadline');
  return await configurationOf(db, user, service.settings.SHORT_JOB_S, deadline);
}

/** Returns true if the user has this very role. The front end shows forms by it; rights do not depend on it. */
function holds(c: Context<AppEnv>, role: Role): boolean {
  return c.get('user').roles.has(role);
}

function display(displayType: string, infos: Globals): Globals {
  return { displayType, infos: { ...infos, displayType } };
}

function clusterInfos(c: Context<AppEnv>) {
  const cluster = param(c, 'cluster');
  return { id: cluster, cluster };
}

/** The range of times in the address as it is, if either or both of its ends are there. */
function times(c: Context<AppEnv>, needed: 'either' | 'both') {
  const [from, to] = ['from', 'to'].map((name) => queryOf(c).get(name) ?? '');
  const isGiven = needed === 'both' ? from !== '' && to !== '' : from !== '' || to !== '';
  return isGiven ? { from, to } : {};
}

/** The user of the page, with the real name and address for those who may know them (contract/graphql.md §2). */
async function userInfos(c: Context<AppEnv>) {
  const db = c.get('db');
  const user = c.get('user');
  const deadline = c.get('deadline');
  const username = param(c, 'id');
  const mayKnow = username === user.name || rightsOf(user).names !== 'own';
  const [account] = mayKnow ? await db.read(userByName(username), deadline) : [];
  const { name, email } = account ?? {};
  return { id: username, username, ...(account === undefined ? {} : { name, email }) };
}

type TagMap = Record<string, { id: number; name: string; scope: string; count: number }[]>;

/**
 * The tags by type, with the number of the user's jobs. Users and managers do not see public tags that none of their
 * jobs has, and accounts below them no tags.
 */
async function tagMap(c: Context<AppEnv>): Promise<TagMap> {
  const { level } = rightsOf(c.get('user'));
  if (level < ROLE_RIGHTS.user.level) return {};
  const tags = await c.get('db').read(tagCounts(visibleJobs(c)), c.get('deadline'));
  const seesAll = level >= ROLE_RIGHTS.support.level;
  const shown = tags.filter(({ scope, jobs }) => seesAll || jobs > 0 || !isPublicScope(scope));
  const item = ({ id, name, scope, jobs }: (typeof shown)[number]) => ({ id: Number(id), name, scope, count: jobs });
  const byType = Map.groupBy(shown, ({ type }) => type);
  return Object.fromEntries([...byType].map(([type, list]) => [type, list.map(item)]));
}
