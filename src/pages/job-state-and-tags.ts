import { MOST_LISTED_TAGS } from '../jobs/cut-lengths.ts';
import { FAILED_STATES } from '../jobs/job-enums.ts';
import type { Whole } from '../jobs/statistics.ts';
import { firstOf } from './cut-text.ts';
import { words } from './filter/form-fields.ts';
import { duration } from './format.ts';
import { type Html, html } from './html.ts';

/** Renders a state as its word with a mark. The color only adds to them. */
export function jobState(state: string): Html {
  const kind = state === 'running' ? 'running' : FAILED_STATES.some((failed) => failed === state) ? 'failed' : 'other';
  const mark = state === 'running' ? '▶' : state === 'completed' ? '✓' : kind === 'failed' ? '✕' : '•';
  return html`<span class="state ${kind}"><span aria-hidden="true">${mark}</span> <span class="word">${words(state)}</span></span>`;
}

/** Returns the words for a member of a fixed set, such as `not shared` for `none`. */
export function memberWords(member: string): string {
  return member === 'none' ? 'not shared' : words(member);
}

/** Renders the duration of a job. The page's script updates that of a running job. */
export function jobDuration({ duration: seconds, jobState: state }: { duration: Whole; jobState: string }): Html {
  return state === 'running'
    ? html`<span data-running="${seconds}">${duration(seconds)}</span>`
    : html`<span>${duration(seconds)}</span>`;
}

export function tagList(tags: readonly { type: string; name: string; scope: string }[]): Html {
  const [shown, rest] = firstOf(tags, MOST_LISTED_TAGS, () => html`<span class="of">and more</span>`);
  return html`${shown.map(
    ({ type, name, scope }) =>
      html`<span class="tag" title="${scope}"><span class="of"><bdi>${type}</bdi></span> <bdi>${name}</bdi></span> `,
  )}${rest}`;
}
