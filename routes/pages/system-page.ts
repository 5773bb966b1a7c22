import { Hono } from 'hono';
import { requireAdministrator } from '../../src/http/auth/api-access.ts';
import { NO_QUERY, readQuery } from '../../src/http/query/query-parameters.ts';
import { queryOf } from '../../src/http/request-values.ts';
import type { AppEnv } from '../../src/http/service.ts';
import { systemState } from '../../src/http/system-state.ts';
import { pageAnswer } from '../../src/pages/layout.ts';
import { systemContent } from '../../src/pages/system/content.ts';

/** GET /system: shows GET /api/system and the memory of the last minutes, for admins. Does not query the database. */
export const systemPage = new Hono<AppEnv>().get('/system', (c) => {
  requireAdministrator(c.get('user'));
  readQuery(queryOf(c), NO_QUERY);
  const content = systemContent(systemState(c), c.get('service').memoryHistory?.());
  return pageAnswer(c, {
    title: 'System',
    content,
    scripts: ['uplot.js', 'plotting.js', 'system.js'],
    styles: ['uplot.css'],
  });
});
