import { Hono } from 'hono';
import { NO_QUERY, readQuery } from '../../src/http/query/query-parameters.ts';
import { queryOf } from '../../src/http/request-values.ts';
import type { AppEnv } from '../../src/http/service.ts';
import { pageAnswer } from '../../src/pages/layout.ts';
import { unusualContent } from '../../src/pages/unusual/content.ts';
import { unusualFor } from '../../src/pages/unusual/unusual-for-caller.ts';

/** GET /unusual: shows what is unusual, and how it is found. */
export const unusualPage = new Hono<AppEnv>().get('/unusual', async (c) => {
  readQuery(queryOf(c), NO_QUERY);
  const { unusual: found, ...rest } = await unusualFor(c);
  return pageAnswer(c, { title: 'Unusual', content: unusualContent({ found, ...rest }) });
});
