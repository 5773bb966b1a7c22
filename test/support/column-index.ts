/** A column index next to the pool of a test. */
import { dirname } from 'node:path';
import { onTestFinished } from 'vitest';
import { rowsOf } from '../../src/column-index/answer-json.ts';
import { NewIndex, type NewIndexOptions } from '../../src/column-index/build/build-index.ts';
import { IndexClient, type IndexClientOptions } from '../../src/column-index/index-client.ts';
import { IndexSession } from '../../src/column-index/index-session.ts';
import { withIndex } from '../../src/column-index/status-with-index.ts';
import type { Database } from '../../src/db/port.ts';
import { visibleTo } from '../../src/jobs/visibility.ts';
import { JobQuestions } from '../../src/questions/ask.ts';
import type { Question } from '../../src/questions/index-question.ts';
import { until, within } from './pool.ts';
import { openSqlite } from './sqlite.ts';

export const ALL = visibleTo({ name: 'root', roles: new Set(['admin']), projects: [] });

export interface Indexed {
  db: Database;
  questions: JobQuestions;
  index: IndexClient;
  warnings: string[];
}

/** A database file and a port on it. */
interface OpenFile {
  db: Database;
  path: string;
}

export function indexed({ db, path }: OpenFile, options: Partial<IndexClientOptions> = {}): Indexed {
  const warnings: string[] = [];
  const index = new IndexClient({
    databasePath: path,
    path: `${path}.columns`,
    memoryMb: 128,
    tempDir: dirname(path),
    spillMb: 64,
    shortJobSec: 300,
    queueLimit: 16,
    callerLimit: 16,
    log: { info: () => {}, warn: (fields, message) => warnings.push(`${message} ${JSON.stringify(fields)}`) },
    ...options,
  });
  onTestFinished(() => index.close());
  return { db: withIndex(db, index), questions: new JobQuestions(db, index), index, warnings };
}

/** A build has low priority, so it may take long on a busy machine. */
export const BUILD_LIMIT_MS = 180_000;

export async function isReady({ index, warnings }: Indexed): Promise<void> {
  await until(
    () => index.state.name === 'ready',
    BUILD_LIMIT_MS,
    () => ({ status: index.status(), warnings }),
  );
}

export async function withJobs({ path }: OpenFile, sql: string): Promise<void> {
  const connection = openSqlite(path, 1_000);
  await connection.exec(sql);
  connection.close();
}

export const jobs = (first: number, last: number, more = "'ada', 10") => `INSERT INTO job
  (job_id, cluster, subcluster, hpc_user, num_nodes, project, duration, walltime, job_state, resources, shared)
  WITH RECURSIVE n(x) AS (SELECT ${first} UNION ALL SELECT x + 1 FROM n WHERE x < ${last})
  SELECT x, 'a', 'm', ${more}, 'p', 60, 1, 'completed', '[{"hostname":"n1"}]', 'none' FROM n;`;

export const count = async ({ questions }: Indexed, limitMs = 20_000) => await questions.count(ALL, within(limitMs));

/** The index of a database that is next to it. The caller must close it. */
export async function indexNextTo(databasePath: string): Promise<IndexSession> {
  const options = { databasePath, path: `${databasePath}.columns`, tempDir: dirname(databasePath) };
  return await builtIndex({ ...options, memoryMb: 128, spillMb: 64, shortJobSec: 300 });
}

/** Builds an index and opens it for questions, as the two processes of the service do. The caller must close it. */
export async function builtIndex(options: NewIndexOptions): Promise<IndexSession> {
  await (await NewIndex.open(options)).build(() => {});
  const index = await IndexSession.open({ ...options, fresh: false });
  await index.follow();
  return index;
}

/** The rows of the index's answer. Throws if the index leaves the question to the SQL. */
export async function answerOf(index: IndexSession, question: Question) {
  const json = await index.ask(question);
  if (json === undefined) throw new Error('the question matches a job that the index does not hold');
  return await rowsOf(Buffer.from(json), new AbortController());
}
