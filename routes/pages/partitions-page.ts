import { Hono } from 'hono';
import { callerQuestions } from '../../src/http/auth/visible-jobs.ts';
import { NO_QUERY, readQuery } from '../../src/http/query/query-parameters.ts';
import { queryOf } from '../../src/http/request-values.ts';
import type { AppEnv } from '../../src/http/service.ts';
import { pageAnswer } from '../../src/pages/layout.ts';
import { partitionsContent } from '../../src/pages/partitions/content.ts';
import { readPartitionUse } from '../../src/questions/partitions/partition-use.ts';

/** The partitions shown. */
const MOST_PARTITIONS = 200;

/** GET /partitions: shows the recent use of the partitions of each cluster, by jobs that the visitor may see. */
export const partitionsPage = new Hono<AppEnv>().get('/partitions', async (c) => {
  readQuery(queryOf(c), NO_QUERY);
  const partitions = await readPartitionUse(callerQuestions(c));
  const shown = partitions.slice(0, MOST_PARTITIONS);
  const content = partitionsContent(shown, { hasMore: shown.length < partitions.length });
  return pageAnswer(c, { title: 'Partitions', content });
});
