import { z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { savedFilters as savedFiltersStatement } from '../src/db/statements/filters-of-user.ts';
import { Fault } from '../src/faults.ts';
import { strictFields, text, textWithin } from '../src/http/json/body-values.ts';
import { FEW_FIELDS, jsonBody } from '../src/http/json/json-body.ts';
import { answers, apiRoute, json, MESSAGE, message, resource } from '../src/http/json/responses.ts';
import { parseFilter } from '../src/http/query/job-filter-query.ts';
import { readQuery } from '../src/http/query/query-parameters.ts';
import { nowSec } from '../src/http/request-values.ts';
import type { AppEnv } from '../src/http/service.ts';
import { BOUNDS } from '../src/jobs/input-bounds.ts';
import {
  SAVED_PAGES,
  type SavedFilter,
  type SavedPage,
  savedFilterKey,
  savedFiltersIn,
  savedFilterValue,
} from '../src/jobs/saved-filter.ts';
import { requireWritesOwn } from '../src/jobs/visibility.ts';
import { JOBS_VIEW } from './pages/jobs-page.ts';
import { checkCount } from './pages/page-filter.ts';
import { STATISTICS_VIEW } from './pages/statistics-page.ts';
import { TIMELINE_VIEW } from './pages/timeline-page.ts';

const VIEWS: Readonly<Record<SavedPage, z.ZodObject>> = {
  jobs: JOBS_VIEW,
  statistics: STATISTICS_VIEW,
  timeline: TIMELINE_VIEW,
};

const SAVED = jsonBody(
  `the page (${SAVED_PAGES.join(', ')}) and the query of its address`,
  strictFields({ page: text.nullish().transform((page) => page ?? ''), query: textWithin('savedFilter') }),
  FEW_FIELDS,
);
const NameParam = z.object({
  name: z.string().openapi({ description: 'name of the saved filter', example: 'failed' }),
});

const SavedFilterSchema = z
  .object({ name: z.string(), page: z.enum(SAVED_PAGES), query: z.string() })
  .openapi('SavedFilter');

/** saved-filters: reads, saves and deletes the filters that the caller has saved. */
export const savedFilters = resource()
  .openapi(
    apiRoute({
      method: 'get',
      path: '/saved-filters',
      summary: 'List the saved filters of the caller',
      responses: answers('in order of their names', z.object({ savedFilters: z.array(SavedFilterSchema) })),
    }),
    async (c) => {
      const rows = await c.get('db').read(savedFiltersStatement(c.get('user').name), c.get('deadline'));
      return json({ savedFilters: savedFiltersIn(rows) });
    },
  )
  .openapi(
    apiRoute({
      method: 'put',
      path: '/saved-filters/{name}',
      summary: 'Save a filter, or replace the one with this name',
      description: 'Responds with 422 conflict if the caller has no account, or too many saved filters.',
      request: { params: NameParam, body: SAVED.document },
      responses: answers('the saved filter', SavedFilterSchema),
    }),
    async (c) => {
      const filter = checkedFilter(c, { name: c.req.valid('param').name, ...(await SAVED.read(c)) });
      await saveFilter(c, filter, { replaces: true });
      return json(filter);
    },
  )
  .openapi(
    apiRoute({
      method: 'delete',
      path: '/saved-filters/{name}',
      summary: 'Delete a saved filter',
      description: 'Responds with 404 not_found if the caller has no saved filter with this name.',
      request: { params: NameParam },
      responses: answers('the filter was deleted', MESSAGE),
    }),
    async (c) => {
      const { name } = c.req.valid('param');
      await deleteFilter(c, name);
      return message(`deleted saved filter ${name}`);
    },
  );

/** Returns a filter that its page accepts now. Throws invalid_request with the invalid parameter. */
export function checkedFilter(
  c: Context<AppEnv>,
  { name, page, query }: { name: string; page: string; query: string },
): SavedFilter {
  const known = SAVED_PAGES.find((one) => one === page);
  if (known === undefined) {
    const pages = SAVED_PAGES.join(', ');
    throw new Fault('invalid_request', `page ${page === '' ? 'is missing: it ' : ''}must be one of ${pages}`);
  }
  const parameters = new URLSearchParams(query);
  checkCount(parameters.size);
  const view = VIEWS[known];
  parseFilter(parameters, nowSec(c), Object.keys(view.shape));
  readQuery(parameters, view);
  const saved = parameters.toString();
  const { most, unit } = BOUNDS.savedFilter;
  if (saved.length > most) throw new Fault('invalid_request', `query must have at most ${most} ${unit}`);
  return { name, page: known, query: saved };
}

/** Throws `conflict`, also if there is one with this name, unless it `replaces` that. */
export async function saveFilter(c: Context<AppEnv>, filter: SavedFilter, { replaces }: { replaces: boolean }) {
  const stored = { key: savedFilterKey(filter.name), value: savedFilterValue(filter), replaces };
  await c.get('db').write('saveFilter', { username: writerOf(c), ...stored }, c.get('deadline'));
}

export async function renameFilter(c: Context<AppEnv>, name: string, newName: string) {
  const keys = { key: savedFilterKey(name), to: savedFilterKey(newName) };
  await c.get('db').write('renameFilter', { username: writerOf(c), ...keys }, c.get('deadline'));
}

export async function deleteFilter(c: Context<AppEnv>, name: string) {
  await c.get('db').write('deleteFilter', { username: writerOf(c), key: savedFilterKey(name) }, c.get('deadline'));
}

/** Returns the name of the caller. Throws `forbidden` unless the caller may change saved filters. */
function writerOf(c: Context<AppEnv>): string {
  const user = c.get('user');
  requireWritesOwn(user);
  return user.name;
}
