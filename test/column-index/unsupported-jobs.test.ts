/** Jobs that an index does not hold, and the questions that SQL must answer because of them. */
import { dirname } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { CHUNK_JOBS } from '../../src/column-index/source/job-reader.ts';
import type { Condition } from '../../src/jobs/filter.ts';
import type { User } from '../../src/jobs/roles.ts';
import { visibleTo } from '../../src/jobs/visibility.ts';
import { answerOf, builtIndex, jobs } from '../support/column-index.ts';
import { testDatabase } from '../support/sql.ts';

const ODD_USER = "CAST(x'ff' AS TEXT), 1";
const ROOT: User = { name: 'root', roles: new Set(['admin']), projects: [] };
const ADA: User = { name: 'ada', roles: new Set(['user', 'admin']), projects: [] };

async function built(sql: string) {
  const db = await testDatabase();
  onTestFinished(() => db.close());
  await db.exec(sql);
  const tempDir = dirname(db.path);
  const index = await builtIndex({
    ...{ databasePath: db.path, path: `${db.path}.columns`, memoryMb: 128, tempDir, spillMb: 64, shortJobSec: 300 },
  });
  onTestFinished(() => index.close());
  return index;
}

const count = (user: User, condition: Condition) => ({ kind: 'count', jobs: visibleTo(user, [condition]) }) as const;

test('a build goes on after a chunk of which it holds no job', async () => {
  const index = await built(jobs(1, CHUNK_JOBS, ODD_USER) + jobs(CHUNK_JOBS + 1, CHUNK_JOBS + 6));
  expect(index.odd).toHaveLength(CHUNK_JOBS);
  const ada = count(ROOT, { kind: 'text', field: 'user', operator: 'is', values: ['ada'] });
  expect(await answerOf(index, ada)).toEqual([{ count: 6 }]);
});

test('a question for a tag is left to the SQL if such a job has a tag of these that the caller may read', async () => {
  const index = await built(
    `${jobs(1, 1)} ${jobs(2, 2, ODD_USER)}
     INSERT INTO tag (id, tag_type, tag_name, tag_scope) VALUES (1, 'a', 'one', 'global'), (2, 'a', 'two', 'global'), (3, 'a', 'own', 'ada');
     INSERT INTO jobtag (job_id, tag_id) VALUES (1, 1), (2, 2), (2, 3);`,
  );
  const tagged = (user: User, ...ids: bigint[]) => count(user, { kind: 'tag', ids });
  expect(await answerOf(index, tagged(ROOT, 1n))).toEqual([{ count: 1 }]);
  expect(await answerOf(index, tagged(ROOT, 3n))).toEqual([{ count: 0 }]);
  expect(await index.ask(tagged(ADA, 3n))).toBeUndefined();
  expect(await index.ask(tagged(ROOT, 1n, 2n))).toBeUndefined();
});

test('a job is not held whose texts are valid only when they are read as one', async () => {
  // The first byte of a character at the end of the user, and a second one at the start of the project.
  const index = await built(
    `${jobs(1, 2)} UPDATE job SET hpc_user = CAST(x'61c3' AS TEXT), project = CAST(x'8061' AS TEXT) WHERE id = 2;`,
  );
  expect(index.odd.map(({ id }) => id)).toEqual([2n]);
});
