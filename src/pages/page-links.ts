import { BOUNDS } from '../jobs/input-bounds.ts';
import { cut } from './cut-text.ts';
import { type Html, html } from './html.ts';

/** The fields whose values have a page of their own, with the first part of its address. */
export const SUBJECTS = { user: 'users', project: 'projects' } as const;
export type Subject = keyof typeof SUBJECTS;

/** Returns the address of the page of a user or project. Undefined if an address cannot contain the name. */
export function subjectPath(subject: Subject, name: string): string | undefined {
  return pathOf(SUBJECTS[subject], name);
}

function pathOf(...parts: readonly string[]): string | undefined {
  const isPossible = (part: string) => !['', '.', '..'].includes(part) && part.length <= BOUNDS.text.most;
  return parts.every(isPossible)
    ? `/${parts.map((part) => encodeURIComponent(part.toWellFormed())).join('/')}`
    : undefined;
}

/** Renders a name as a link to its page. */
export function subjectLink(subject: Subject, name: string): Html {
  return nameLink(subjectPath(subject, name), name);
}

/** Renders the name of a host as a link to its page. */
export function nodeLink(cluster: string, hostname: string): Html {
  return nameLink(pathOf('nodes', cluster, hostname), hostname);
}

function nameLink(path: string | undefined, name: string): Html {
  const text = html`<bdi>${cut(name)}</bdi>`;
  return path === undefined ? text : html`<a href="${path}">${text}</a>`;
}

/** Renders a small link to a list of jobs with only this value. */
export function onlyLink(href: string, value: string): Html {
  return html`<a class="only" href="${href}" title="Only ${value}" aria-label="Only ${value}"></a>`;
}
