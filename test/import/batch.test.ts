import { expect, test } from 'vitest';
import { BatchBuilder } from '../../src/import/batch.ts';
import { job, NOW } from '../support/test-app.ts';

test('a batch is full with a thousand jobs, or with few jobs of many hosts', () => {
  const filled = (nodes: number) => {
    const builder = new BatchBuilder(NOW);
    const resources = Array.from({ length: nodes }, (_, node) => ({ hostname: `n${node}` }));
    let jobs = 0;
    for (; !builder.isFull; jobs += 1) builder.job(job({ numNodes: nodes, resources }), false, 'line 1');
    builder.take(0);
    expect(builder.isFull).toBe(false);
    return jobs;
  };
  expect([filled(1), filled(9_408)]).toEqual([1_000, 3]);
});
