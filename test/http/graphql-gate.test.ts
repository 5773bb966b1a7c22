/** How many GraphQL requests run at the same time. */
import { expect, test } from 'vitest';
import { graphqlGate } from '../../src/http/limits/graphql-gate.ts';
import { within } from '../support/pool.ts';

/** Starts requests that never end. Returns the callers of those that run. */
function begun(gate: ReturnType<typeof graphqlGate>, callers: readonly string[]): string[] {
  const running: string[] = [];
  for (const caller of callers) {
    const never = () => {
      running.push(caller);
      return new Promise<void>(() => {});
    };
    void gate.pass({ ...within(60_000), caller }, never);
  }
  return running;
}

test('a caller with hundreds of requests leaves room for others', () => {
  const gate = graphqlGate({ hasSharedLimits: true });
  const many = Array.from({ length: 300 }, () => 'ada');
  expect(begun(gate, many)).toHaveLength(16);
  expect(begun(gate, ['ben', 'ben', 'eve'])).toEqual(['ben', 'ben', 'eve']);
  expect(
    begun(
      gate,
      Array.from({ length: 50 }, (_, nth) => `user${nth}`),
    ),
  ).toHaveLength(5);
});

test('in a Worker none waits for another one', () => {
  const many = Array.from({ length: 300 }, () => 'ada');
  expect(begun(graphqlGate({ hasSharedLimits: false }), many)).toHaveLength(300);
});
