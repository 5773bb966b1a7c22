import { expect, test, vi } from 'vitest';
import { LoopLagMeter } from '../../src/nodejs/loop-lag.ts';

test('a turn that keeps the event loop is the lag that is shown', async () => {
  const meter = new LoopLagMeter();
  await vi.waitUntil(() => meter.worstMs.max >= 0 && meter.worstMs.p50 >= 0, { timeout: 60_000 });
  await new Promise((resolve) => setTimeout(resolve, 120)); // it samples every 50 ms
  const until = performance.now() + 400;
  while (performance.now() < until);
  await vi.waitUntil(() => meter.worstMs.max >= 300, { timeout: 60_000 });
  const { p50, p99, max } = meter.worstMs;
  expect(p50).toBeLessThanOrEqual(p99);
  expect(p99).toBeLessThanOrEqual(max);
  meter.stop();
});
