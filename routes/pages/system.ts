import { Hono } from 'hono';
import { pageAnswer } from '../../src/html/layout.ts';
import { systemContent } from '../../src/html/system-content.ts';
import { requireAdministrator } from '../../src/http/auth.ts';
import type { AppEnv } from '../../src/http/env.ts';
import { onlyKnown } from '../../src/http/page-query.ts';
import { systemState } from '../../src/http/system-state.ts';

/** GET /system: what GET /api/system answers, and the memory of the last minutes; for admins. Asks nothing of the database. */
export const systemPage = new Hono<AppEnv>().get('/system', (c) => {
  requireAdministrator(c.var.user);
  onlyKnown(c, []);
  const content = systemContent(systemState(c), c.var.service.memoryHistory?.());
  return pageAnswer(c, {
    title: 'System',
    content,
    scripts: ['uplot.js', 'plotting.js', 'system.js'],
    styles: ['uplot.css'],
  });
});
