import { BOUNDS } from '../../jobs/input-bounds.ts';
import { ROLE_RIGHTS, type Role, rightsOf, type User } from '../../jobs/roles.ts';
import type { Whole } from '../../jobs/statistics.ts';
import { type Html, html } from '../html.ts';

interface Link {
  label: string;
  path: string;
  /** The lowest role in whose menu cc-backend's front end has the page. */
  from: Role;
}

const PAGES: readonly Link[] = [
  { label: 'Jobs', path: '/monitoring/jobs/', from: 'user' },
  { label: 'Tags', path: '/monitoring/tags/', from: 'user' },
  { label: 'Users', path: '/monitoring/users/', from: 'manager' },
  { label: 'Projects', path: '/monitoring/projects/', from: 'manager' },
  { label: 'Log', path: '/monitoring/logs', from: 'admin' },
];

/** Pages of a cluster. Its name follows the path. */
const CLUSTER_PAGES: readonly Link[] = [
  { label: 'Nodes', path: '/monitoring/systems/', from: 'support' },
  { label: 'Analysis', path: '/monitoring/analysis/', from: 'support' },
  { label: 'Status', path: '/monitoring/status/', from: 'admin' },
];

/** Renders links to the pages of cc-backend's front end that its menu shows to this user. */
export function frontendLinks(user: User, clusters: readonly { name: string }[]): Html {
  const { level } = rightsOf(user);
  const mayOpen = ({ from }: Link) => level >= ROLE_RIGHTS[from].level;
  const ownJobs =
    level < ROLE_RIGHTS.user.level ? [] : [link(`/monitoring/user/${encodeURIComponent(user.name)}`, 'My jobs')];
  const lines = [
    [...ownJobs, ...PAGES.filter(mayOpen).map(({ label, path }) => link(path, label)), link('/config', 'Settings')],
    ...clusters.map(({ name }) =>
      CLUSTER_PAGES.filter(mayOpen).map(({ label, path }) =>
        link(`${path}${encodeURIComponent(name)}`, `${label} of ${name}`),
      ),
    ),
  ];
  return html`<section><h2 id="clustercockpit">ClusterCockpit</h2>
${lines.filter(({ length }) => length > 0).map((line) => html`<p>${separated(line)}</p>\n`)}</section>`;
}

/** Renders links from a job to its page and its user's page in cc-backend's front end. */
export function frontendJobLinks({ id, user }: { id: Whole; user: string }): Html {
  const links = [link(`/monitoring/job/${id}`, 'this job')];
  if (user !== '' && user.length <= BOUNDS.text.most) {
    links.push(link(`/monitoring/user/${encodeURIComponent(user)}`, `jobs of ${user}`));
  }
  return html`<p class="note">In ClusterCockpit: ${separated(links)}</p>`;
}

function link(path: string, label: string): Html {
  return html`<a href="${path}"><bdi>${label}</bdi></a>`;
}

function separated(links: readonly Html[]): Html {
  return html`${links.map((each, at) => html`${at > 0 && ' · '}${each}`)}`;
}
