/** What the configured clusters get from the database. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { dataOf } from '../support/graphql.ts';
import { before, job, type TestApp, testApp } from '../support/test-app.ts';

let service: TestApp;
const reads: string[] = [];
beforeAll(async () => {
  service = await testApp({
    jobs: [
      job({ jobId: 1, partition: 'work' }),
      job({ jobId: 2, partition: 'a100', user: 'bob' }),
      job({ jobId: 3, partition: '' }),
      job({ jobId: 4, partition: 'elsewhere', cluster: 'other' }),
    ],
    service: ({ db }) => ({ db: before(db, (statement) => void reads.push(statement)) }),
  });
});
afterAll(() => service.close());

test('a cluster has the partitions of its jobs, whoever asks', async () => {
  const answer = await dataOf(service.ask('{ clusters { name partitions } }', null, 'ada', 'user'));
  expect(answer).toEqual({ clusters: [{ name: 'small', partitions: ['', 'a100', 'work'] }] });
});

test('a partition is known once a job is in it', async () => {
  const query = '{ clusters { partitions } again: clusters { partitions } }';
  await dataOf(service.ask(query));
  await service.write(`INSERT INTO job (job_id, cluster, cluster_partition, subcluster, hpc_user, num_nodes, project, duration, walltime, job_state, resources, shared)
    VALUES (5, 'small', 'big', 'main', 'bob', 1, 'p', 60, 1, 'completed', '[]', 'none')`);
  reads.length = 0;
  const partitions = ['', 'a100', 'big', 'work'];
  expect(await dataOf(service.ask(query))).toEqual({ clusters: [{ partitions }], again: [{ partitions }] });
  expect(reads).toEqual(['new partitions']);
});

test('a topology without accelerators has none, as in cc-backend', async () => {
  const query = '{ clusters { subClusters { topology { accelerators { id } } } } }';
  const none = { topology: { accelerators: null } };
  expect(await dataOf(service.ask(query))).toEqual({ clusters: [{ subClusters: [none, none] }] });
});
