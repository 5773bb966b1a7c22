/** Statements without a route of their own, on a file and on a libSQL server. */
import { describe, expect, onTestFinished, test } from 'vitest';
import { fullTags } from '../../src/db/statements/readable-tags.ts';
import { accountOf } from '../../src/db/statements/user-by-name.ts';
import { EVERY_JOB, type VisibleJobs, visibleTo } from '../../src/jobs/visibility.ts';
import { overdueJobs } from '../../src/questions/jobs-past-walltime/sqlite.ts';
import { allocatedNodes } from '../../src/questions/nodes-with-jobs/sqlite.ts';
import { jobById } from '../../src/questions/one-job/sqlite.ts';
import { BOTH_DATABASES } from '../support/both-databases.ts';
import { within } from '../support/pool.ts';

describe.each(BOTH_DATABASES)('on %s', (_, open) => {
  const filled = async (sql: string) => {
    const { db, exec, close } = await open();
    onTestFinished(close);
    await exec(sql);
    return db;
  };

  test('the account of a user, alone and with a job', async () => {
    const db = await filled(
      `INSERT INTO hpc_user (username, name, email) VALUES ('ada', 'Ada L.', 'ada@x'), ('bob', NULL, NULL), ('eve', '"é', '');
      INSERT INTO job (job_id, cluster, subcluster, hpc_user, project, start_time, duration, walltime, num_nodes, shared, job_state, resources)
      SELECT key, 'fern', 'a', value, 'p', 1, 1, 1, 1, 'none', 'completed', '[]' FROM json_each('["ada", "ADA", "bob", "eve", "none"]')`,
    );
    const accounts = [
      { username: 'ada', name: 'Ada L.', email: 'ada@x' },
      null,
      { username: 'bob', name: '', email: '' },
      { username: 'eve', name: '"é', email: '' },
      null,
    ];
    const users = ['ada', 'ADA', 'bob', 'eve', 'none'];
    for (const [at, user] of users.entries()) {
      const account = accounts[at];
      expect(await db.read(accountOf(user), within(20_000))).toEqual(account ? [account] : []);
      const options = { nowSec: 1, withMetadata: false, withAccount: true };
      const [row] = await db.read(jobById(EVERY_JOB, at + 1, options), within(20_000));
      expect(JSON.parse(row?.job ?? '')).toMatchObject({ user, account });
    }
    expect(await db.read(accountOf("'\ud800"), within(20_000))).toEqual([]);
  });

  test('all tags of the scopes of a caller, with their full texts', async () => {
    const long = 'n'.repeat(1_000);
    const db = await filled(`INSERT INTO tag (id, tag_type, tag_name, tag_scope) VALUES
      (9007199254740993, 't', 'last', 'global'), (7, 'z', '${long}', 'ada'), (8, 't', 'secret', 'admin'), (9, 't', 'bobs', 'bob')`);
    expect(await db.read(fullTags(['global', 'ada']), within(20_000))).toEqual([
      { id: 7, type: 'z', name: long, scope: 'ada' },
      { id: 2n ** 53n + 1n, type: 't', name: 'last', scope: 'global' },
    ]);
    expect(await db.read(fullTags(['admin']), within(20_000))).toMatchObject([{ id: 8 }]);
  });

  test('the running jobs beyond their walltime, the longest overdue first, with their number', async () => {
    const db =
      await filled(`INSERT INTO job (id, job_id, cluster, subcluster, hpc_user, project, start_time, duration, walltime, num_nodes, shared, job_state, resources) VALUES
      ${[
        [1, 'ada', 1000, 100, 'running'],
        [2, 'ada', 900, 100, 'running'],
        [3, 'bob', 1900, 100, 'running'],
        [4, 'ada', 1000, 0, 'running'],
        [5, 'ada', 1000, 100, 'completed'],
        [6, 'ada', 1900, 200, 'running'],
      ].map(
        ([id, user, start, walltime, state]) =>
          `(${id}, ${id}, 'a', 'm', '${user}', 'p', ${start}, 1, ${walltime}, 1, 'none', '${state}', '[]')`,
      )}`);
    const ids = async (jobs: VisibleJobs, limit: number) =>
      (await db.read(overdueJobs(jobs, { endedSec: 2001, limit }), within(20_000))).map(({ id, count }) => [id, count]);
    expect(await ids(EVERY_JOB, 2)).toEqual([
      [2, 3],
      [1, 3],
    ]);
    const ofBob = visibleTo({ name: 'bob', roles: new Set(['user']), projects: [] });
    expect(await ids(ofBob, 9)).toEqual([[3, 1]]);
  });

  test('the distinct hosts of running jobs in each subcluster', async () => {
    const running = (id: number, cluster: string, subcluster: string, hosts: string, state = 'running') =>
      `(${id}, '${cluster}', '${subcluster}', 'u', 'p', 1, 1, '${state}', '${hosts}', 1, 'none')`;
    const db =
      await filled(`INSERT INTO job (job_id, cluster, subcluster, hpc_user, project, duration, walltime, job_state, resources, num_nodes, shared) VALUES
      ${running(1, 'a', 'main', '[{"hostname":"n1"},{"hostname":"n2"}]')},
      ${running(2, 'a', 'main', '[{"hostname":"n2"},{"hostname":"n3"},{"hostname":"n3"}]')},
      ${running(3, 'a', 'gpu', '[{"hostname":"n1"}]')},
      ${running(4, 'a', 'none', '[]')}, ${running(5, 'a', 'odd', '{broken')},
      ${running(6, 'a', 'old', '[{"hostname":"n1"}]', 'completed')},
      ${running(7, 'b', 'main', '[{"hostname":"n9"}]')}`);
    expect(await db.read(allocatedNodes('a'), within(20_000))).toEqual([
      { name: 'gpu', count: 1 },
      { name: 'main', count: 3 }, // n1, n2, n3
      { name: 'none', count: 0 },
      { name: 'odd', count: 0 },
    ]);
    expect(await db.read(allocatedNodes('c'), within(20_000))).toEqual([]);
  });
});
