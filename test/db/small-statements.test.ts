/** Statements without a route of their own, on a file and on a libSQL server. */
import { describe, expect, onTestFinished, test } from 'vitest';
import { fullTags } from '../../src/db/statements/readable-tags.ts';
import { accountsOf } from '../../src/db/statements/user-by-name.ts';
import { allocatedNodes } from '../../src/questions/used-nodes/sqlite.ts';
import { BOTH_DATABASES } from '../support/both-databases.ts';
import { within } from '../support/pool.ts';

describe.each(BOTH_DATABASES)('on %s', (_, open) => {
  const filled = async (sql: string) => {
    const { db, exec, close } = await open();
    onTestFinished(close);
    await exec(sql);
    return db;
  };

  test('the accounts of a page of jobs, each once', async () => {
    const db = await filled(
      "INSERT INTO hpc_user (username, name, email) VALUES ('ada', 'Ada L.', 'ada@x'), ('bob', NULL, NULL), ('eve', 'Eve', '')",
    );
    const accounts = await db.read(accountsOf(['bob', 'ada', 'nobody', 'ada', 'ADA', "'", '\ud800']), within(20_000));
    expect(accounts.sort((a, b) => (a.username < b.username ? -1 : 1))).toEqual([
      { username: 'ada', name: 'Ada L.', email: 'ada@x' },
      { username: 'bob', name: '', email: '' },
    ]);
    expect(await db.read(accountsOf([]), within(20_000))).toEqual([]);
    const many = Array.from({ length: 2_000 }, (_, n) => `user${n}`);
    expect(await db.read(accountsOf([...many, 'eve']), within(20_000))).toHaveLength(1);
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
