import { BOUNDS } from '../jobs/length-bounds.ts';
import { cut } from './cut.ts';
import { type Html, html } from './html.ts';

/** The fields whose values have a page of their own, with the first part of its address. */
export const SUBJECTS = { user: 'users', project: 'projects' } as const;
export type Subject = keyof typeof SUBJECTS;

/** Returns the address of the page of a user or project. Undefined if an address cannot contain the name. */
export function subjectPath(subject: Subject, name: string): string | undefined {
  const isPossible = name !== '' && name !== '.' && name !== '..' && name.length <= BOUNDS.text.most;
  return isPossible ? `/${SUBJECTS[subject]}/${encodeURIComponent(name.toWellFormed())}` : undefined;
}

/** Renders a name as a link to its page. */
export function subjectLink(subject: Subject, name: string): Html {
  const path = subjectPath(subject, name);
  const text = html`<bdi>${cut(name)}</bdi>`;
  return path === undefined ? text : html`<a href="${path}">${text}</a>`;
}

/** Renders a small link to a list of jobs with only this value. */
export function onlyLink(href: string, value: string): Html {
  return html`<a class="only" href="${href}" title="Only ${value}" aria-label="Only ${value}"></a>`;
}
