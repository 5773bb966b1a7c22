import { type Context, Hono } from 'hono';
import { readableTags } from '../../src/db/statements/readable-tags.ts';
import { sameOrigin } from '../../src/http/auth/same-origin.ts';
import { formBody } from '../../src/http/query/form-body.ts';
import { NO_QUERY, readQuery } from '../../src/http/query/query-parameters.ts';
import { ofParameter, oneOf } from '../../src/http/query/query-values.ts';
import { queryOf } from '../../src/http/request-values.ts';
import type { AppEnv } from '../../src/http/service.ts';
import { readableScopes } from '../../src/jobs/visibility.ts';
import { SAVED_PATH, savedAddress } from '../../src/pages/filter/saved.ts';
import { pageAnswer } from '../../src/pages/layout.ts';
import { replaceContent, savedFiltersContent } from '../../src/pages/saved-filters/content.ts';
import { checkedFilter, deleteFilter, renameFilter, saveFilter } from '../saved-filters.ts';
import { labelledTags, savedBy } from './page-filter.ts';

/** The fields of the form: the action, and the name, the other name, the page and the query of a filter. */
export const SAVED_FORM = formBody({ bytes: 16 * 1024, fields: 16 });
const ACTIONS = ['save', 'replace', 'rename', 'delete'] as const;

/** GET /saved-filters: shows the filters that the visitor has saved. POST: saves, renames or deletes one. */
export const savedFiltersPage = new Hono<AppEnv>()
  .get(SAVED_PATH, async (c) => {
    readQuery(queryOf(c), NO_QUERY);
    const [saved, tags] = await Promise.all([
      savedBy(c),
      c.get('db').read(readableTags(readableScopes(c.get('user'))), c.get('deadline')),
    ]);
    const names = new Map(labelledTags(tags).map(({ id, label }) => [id, label]));
    return pageAnswer(c, { title: 'Saved filters', content: savedFiltersContent(saved, names) });
  })
  .post(SAVED_PATH, sameOrigin(), async (c) => {
    const form = await SAVED_FORM.read(c);
    const field = (name: string) => form.get(name) ?? '';
    const action = ofParameter('do', () => oneOf(field('do'), ACTIONS));
    const name = field('name');
    if (action === 'save' || action === 'replace') {
      return await save(c, { name: name.trim(), page: field('page'), query: field('query') }, action === 'replace');
    }
    if (action === 'rename') await renameFilter(c, name, field('to').trim());
    else await deleteFilter(c, name);
    return c.redirect(SAVED_PATH, 303);
  });

/** Saves a filter and leads back to it. If its name is taken, asks whether to replace the other one. */
async function save(c: Context<AppEnv>, sent: { name: string; page: string; query: string }, replaces: boolean) {
  const filter = checkedFilter(c, sent);
  const { filters } = await savedBy(c);
  if (!replaces && filters.some(({ name }) => name === filter.name)) {
    return pageAnswer(c, { title: 'Saved filters', content: replaceContent(filter) }, 422);
  }
  await saveFilter(c, filter, { replaces });
  return c.redirect(savedAddress(filter), 303);
}
