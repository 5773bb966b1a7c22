import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { archiveQueue } from '../../../src/db/statements/next-to-archive.ts';
import { fullTags } from '../../../src/db/statements/readable-tags.ts';
import type { WriteName } from '../../../src/db/writes/all-writes.ts';
import { BOUNDS } from '../../../src/jobs/input-bounds.ts';
import type { User } from '../../../src/jobs/roles.ts';
import { deletableScopes, readableScopes, visibleTo, writableScopes } from '../../../src/jobs/visibility.ts';
import { visibleJobQuery } from '../../../src/questions/one-job/sqlite.ts';
import { BOTH_DATABASES, type SharedDatabase } from '../../support/both-databases.ts';
import { within } from '../../support/pool.ts';

const user = (name: string, ...roles: string[]): User => ({ name, roles: new Set(roles), projects: ['p1'] });
const ROOT = user('root', 'admin', 'api');
const ADA = user('ada', 'user');

/** Job 1 is ada's, ended and archived; job 2 is bob's and runs; both are of project p1. Job 3 is of another project. */
const FIXTURE = `
  INSERT INTO job (id, job_id, cluster, subcluster, start_time, hpc_user, project, duration, walltime, job_state, resources, num_nodes, shared, monitoring_status) VALUES
    (1, 11, 'a', 'm', 1000, 'ada', 'p1', 10, 1, 'completed', '[]', 1, 'none', 3),
    (2, 12, 'a', 'm', 1000, 'bob', 'p1', 10, 1, 'running', '[]', 1, 'none', 1),
    (3, 13, 'a', 'm', 1000, 'bob', 'p3', 10, 1, 'completed', '[]', 1, 'none', 3);
  INSERT INTO tag (id, tag_type, tag_name, tag_scope) VALUES
    (1, 'app', 'vasp', 'global'), (2, 'note', 'look', 'admin'), (3, 'mine', 'todo', 'ada'), (4, 'mine', 'done', 'bob'), (5, 'app', 'xyz', 'global');
  INSERT INTO jobtag (job_id, tag_id) VALUES (1, 1), (3, 1), (3, 4);`;

describe.each(BOTH_DATABASES)('on %s', (_, open) => {
  let at: SharedDatabase;
  beforeEach(async () => {
    at = await open();
    await at.exec(FIXTURE);
  });
  afterEach(() => at.close());

  const change = async (
    name: 'addTagsById' | 'removeTagsById',
    who: User,
    jobId: bigint,
    tagIds: readonly bigint[],
  ) => {
    const rights = { reads: readableScopes(who), writes: writableScopes(who) };
    const input = { jobId, tagIds, rights, job: visibleJobQuery(visibleTo(who)) };
    return (await at.db.write(name, input, within(20_000))).tags.map(({ id }) => Number(id));
  };
  const remove = async (who: User, tagIds: readonly bigint[]) => {
    const rights = { reads: readableScopes(who), writes: deletableScopes(who) };
    return await at.db.write('deleteTagsById', { tagIds, rights }, within(20_000));
  };
  const create = async (scope: string, type = 'new', name = 'one') =>
    await at.db.write('createTag', { tag: { type, name, scope } }, within(20_000));
  const stored = async () =>
    (await at.db.read(fullTags(['global', 'admin', 'ada', 'bob']), within(20_000))).map(({ id }) => id);
  /** The tags of a job, whatever their scope. */
  const tagsOf = async (jobId: bigint) => {
    const rights = { reads: ['global', 'admin', 'ada', 'bob'], writes: [] };
    const input = { jobId, tagIds: [], rights, job: visibleJobQuery(visibleTo(ROOT)) };
    return (await at.db.write('removeTagsById', input, within(20_000))).tags.map(({ id }) => Number(id));
  };
  const queued = async () => (await at.db.read(archiveQueue(9), within(20_000))).map(({ id }) => id);

  test('a new tag has an id, and its type and name are taken in every scope', async () => {
    expect(await create('ada')).toEqual({ id: '6', type: 'new', name: 'one', scope: 'ada' });
    for (const scope of ['ada', 'global', 'bob'])
      await expect(create(scope)).rejects.toMatchObject({
        code: 'conflict',
        message: expect.not.stringContaining('ada'),
      });
    expect(await create('global', 'new', 'two')).toMatchObject({ id: '7' });
    expect(await stored()).toEqual([1, 2, 3, 4, 5, 6, 7]);
  });

  test('a user has no more private tags than allowed', async () => {
    await at.exec(`WITH RECURSIVE n(x) AS (SELECT 2 UNION ALL SELECT x + 1 FROM n WHERE x < ${BOUNDS.privateTags.most})
      INSERT INTO tag (tag_type, tag_name, tag_scope) SELECT 't', x, 'ada' FROM n`);
    await expect(create('ada')).rejects.toMatchObject({ code: 'conflict' });
    expect(await create('bob')).toMatchObject({ scope: 'bob' });
  });

  test('tags are added to a job, which answers with those that the caller may read', async () => {
    expect(await change('addTagsById', ADA, 1n, [3n])).toEqual([1, 3]);
    expect(await change('addTagsById', ROOT, 1n, [5n, 2n])).toEqual([1, 2, 5]); // not ada's
    expect(await change('addTagsById', ADA, 1n, [])).toEqual([1, 3, 5]);
    expect(await tagsOf(1n)).toEqual([1, 2, 3, 5]);
  });

  test.each<[string, User, bigint, bigint[], string]>([
    ['a tag that the job has', ROOT, 1n, [5n, 1n], 'conflict'],
    ['a tag twice', ROOT, 1n, [5n, 5n], 'conflict'],
    ['an unknown tag', ROOT, 1n, [5n, 99n], 'not_found'],
    ['an id beyond 64 bits', ROOT, 1n, [5n, 2n ** 70n], 'not_found'],
    ['a private tag of another user', ADA, 1n, [3n, 4n], 'not_found'],
    ['a tag that the caller may read only', ADA, 1n, [3n, 5n], 'forbidden'],
    ['an unknown job', ROOT, 99n, [5n], 'not_found'],
    ['a job of another user', ADA, 2n, [3n], 'not_found'],
    ['a job of another project', user('ada', 'manager'), 3n, [3n], 'not_found'],
  ])('%s is refused, and nothing is added', async (_name, who, jobId, tagIds, code) => {
    await expect(change('addTagsById', who, jobId, tagIds)).rejects.toMatchObject({ code });
    expect([await tagsOf(1n), await tagsOf(2n), await tagsOf(3n)]).toEqual([[1], [], [1, 4]]);
    expect(await queued()).toEqual([]);
  });

  test('a job has no more tags than allowed', async () => {
    await at.exec(`WITH RECURSIVE n(x) AS (SELECT 101 UNION ALL SELECT x + 1 FROM n WHERE x < 1100)
      INSERT INTO tag (id, tag_type, tag_name) SELECT x, 't', x FROM n`);
    const ids = Array.from({ length: BOUNDS.tagsOfJob.most }, (_, n) => BigInt(101 + n));
    await expect(change('addTagsById', ROOT, 1n, ids)).rejects.toMatchObject({ code: 'conflict' });
    expect(await tagsOf(1n)).toEqual([1]);
    expect(await change('addTagsById', ROOT, 2n, ids)).toHaveLength(BOUNDS.tagsOfJob.most);
  });

  test('tags are removed from a job; one that it does not have is skipped', async () => {
    expect(await change('removeTagsById', user('bob', 'user'), 3n, [4n])).toEqual([1]);
    expect(await change('removeTagsById', ROOT, 3n, [5n, 1n, 1n])).toEqual([]);
    await expect(change('removeTagsById', ADA, 1n, [1n])).rejects.toMatchObject({ code: 'forbidden' });
    await expect(change('removeTagsById', ROOT, 1n, [1n, 99n])).rejects.toMatchObject({ code: 'not_found' });
    expect(await tagsOf(1n)).toEqual([1]);
    expect(await stored()).toEqual([1, 2, 3, 4, 5]);
  });

  test('tags are deleted everywhere by those who may', async () => {
    await expect(remove(user('sue', 'support'), [1n])).rejects.toMatchObject({ code: 'forbidden' });
    await expect(remove(ADA, [3n, 4n])).rejects.toMatchObject({ code: 'not_found' });
    await expect(remove(ADA, [3n, 1n])).rejects.toMatchObject({ code: 'forbidden' });
    expect(await stored()).toEqual([1, 2, 3, 4, 5]);
    expect(await remove(ADA, [3n])).toEqual({ deleted: 1 });
    expect(await remove(ROOT, [1n, 2n, 1n])).toEqual({ deleted: 2 });
    await expect(remove(ROOT, [4n])).rejects.toMatchObject({ code: 'not_found' }); // bob's
    expect([await tagsOf(1n), await tagsOf(3n)]).toEqual([[], [4]]);
    expect(await queued()).toEqual(['1', '3']);
  });

  test('an archived job whose tags change waits for its meta.json, a running one does not', async () => {
    await change('addTagsById', ROOT, 1n, [5n]);
    await change('addTagsById', ROOT, 2n, [5n]);
    expect(await queued()).toEqual(['1']);
  });

  test('two thousand ids are looked up at once', async () => {
    const ids = Array.from({ length: 2_000 }, (_, n) => BigInt(n + 1_000));
    for (const name of ['addTagsById', 'removeTagsById'] as const satisfies WriteName[])
      await expect(change(name, ROOT, 1n, ids)).rejects.toMatchObject({ code: 'not_found' });
    await expect(remove(ROOT, ids)).rejects.toMatchObject({ code: 'not_found' });
  });
});
