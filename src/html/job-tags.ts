import { type Html, html } from './html.ts';
import type { JobContent } from './job-content.ts';

/** The tags of a job, with what it takes to change those that the visitor may. */
export function jobTags({ job, scopes }: Pick<JobContent, 'job' | 'scopes'>): Html {
  const action = `/jobs/${job.id}/tags`;
  return html`${
    job.tags.length === 0
      ? html`<p class="note">None.</p>`
      : html`<ul class="taglist">${job.tags.map(
          (tag) =>
            html`<li><span class="tag"><span class="of"><bdi>${tag.type}</bdi></span> <bdi>${tag.name}</bdi></span> <span class="of">${scopeWords(tag.scope)}</span>${
              scopes.includes(tag.scope) &&
              html`<form method="post" action="${action}"><input type="hidden" name="do" value="remove"><input type="hidden" name="type" value="${tag.type}"><input type="hidden" name="name" value="${tag.name}"><input type="hidden" name="scope" value="${tag.scope}"><button class="quiet" title="Take it off">×<span class="hidden"> Take ${tag.type} ${tag.name} off</span></button></form>`
            }</li>\n`,
        )}</ul>`
  }
${
  scopes.length > 0 &&
  html`<details class="add"><summary>Add a tag</summary><form method="post" action="${action}" class="inline"><input type="hidden" name="do" value="add">
<label>Type <input name="type" required maxlength="255" autocomplete="off"></label><label>Name <input name="name" required maxlength="255" autocomplete="off"></label>
<label>For <select name="scope">${scopes.map((scope) => html`<option value="${scope}">${scopeWords(scope)}</option>`)}</select></label><button>Add</button></form></details>`
}`;
}

function scopeWords(scope: string): string {
  if (scope === 'global') return 'everybody';
  return scope === 'admin' ? 'admins' : 'only me';
}
