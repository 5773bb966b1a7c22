import { BOUNDS } from '../../jobs/input-bounds.ts';
import { cut, firstOf } from '../cut-text.ts';
import { type Html, html } from '../html.ts';
import type { JobContent } from './content-data.ts';

const MOST_TAGS = 50;

/** Renders the tags of a job, with controls to change those that the visitor may change. */
export function jobTags({ job, writableScopes }: Pick<JobContent, 'job' | 'writableScopes'>): Html {
  const action = `/jobs/${job.id}/tags`;
  const [shown, rest] = firstOf(
    job.tags,
    MOST_TAGS,
    (count) => html`<p class="note">and ${count} more: <a href="/api/jobs/${job.id}">full record of the job</a></p>`,
  );
  return html`${
    job.tags.length === 0
      ? html`<p class="note">No tags.</p>`
      : html`<ul class="taglist">${shown.map(
          (tag) =>
            html`<li><a class="tag plain" href="/jobs?tag=${tag.id}" title="Jobs with this tag"><span class="of"><bdi>${cut(tag.type)}</bdi></span> <bdi>${cut(tag.name)}</bdi></a> <span class="of">${scopeWords(tag.scope)}</span>${
              writableScopes.includes(tag.scope) &&
              tag.type.length <= BOUNDS.tagType.most &&
              tag.name.length <= BOUNDS.tagName.most &&
              html`<form method="post" action="${action}"><input type="hidden" name="do" value="remove"><input type="hidden" name="type" value="${tag.type}"><input type="hidden" name="name" value="${tag.name}"><input type="hidden" name="scope" value="${tag.scope}"><button class="quiet" title="Remove">×<span class="hidden"> Remove ${tag.type} ${tag.name}</span></button></form>`
            }</li>\n`,
        )}</ul>${rest}`
  }
${
  writableScopes.length > 0 &&
  html`<details class="add"><summary>Add a tag</summary><form method="post" action="${action}" class="inline"><input type="hidden" name="do" value="add">
<label>Type <input name="type" required maxlength="${BOUNDS.tagType.most}" autocomplete="off"></label><label>Name <input name="name" required maxlength="${BOUNDS.tagName.most}" autocomplete="off"></label>
<label>Visible to <select name="scope">${writableScopes.map((scope) => html`<option value="${scope}">${scopeWords(scope)}</option>`)}</select></label><button>Add</button></form></details>`
}`;
}

function scopeWords(scope: string): string {
  if (scope === 'global') return 'everyone';
  return scope === 'admin' ? 'admins' : 'only me';
}
