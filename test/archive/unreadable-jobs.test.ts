import { expect, test } from 'vitest';
import { UnreadableJobs } from '../../src/archive/unreadable-jobs.ts';
import { Fault } from '../../src/faults.ts';

const job = (jobId: number) => ({ cluster: 'c', jobId, startTime: 1 });
const tooLarge = new Fault('memory_limit_exceeded', 'the query exceeded the memory limit');

test('a job that its decoder has no memory for is refused with that reason for five minutes', () => {
  let nowMs = 0;
  const refused = new UnreadableJobs(() => nowMs);
  const message = 'the metric data of this job exceeds the memory limit of its decoder';
  expect(refused.failed(job(1), tooLarge)).toMatchObject({ code: 'memory_limit_exceeded', message });
  nowMs = 299_000;
  expect(() => refused.check(job(1))).toThrow(
    expect.objectContaining({ code: 'memory_limit_exceeded', headers: { 'Retry-After': '1' } }),
  );
  refused.check(job(2));
  nowMs = 300_000;
  refused.check(job(1));
});

test('what is not the fault of the job is not held against it', () => {
  const refused = new UnreadableJobs();
  for (const code of ['deadline_exceeded', 'queue_full', 'internal'] as const) {
    const fault = new Fault(code, 'as it was');
    expect(refused.failed(job(1), fault)).toBe(fault);
    refused.check(job(1));
  }
});

test('of more jobs than it remembers the oldest is forgotten', () => {
  const refused = new UnreadableJobs();
  for (let id = 0; id <= 1_000; id += 1) refused.failed(job(id), tooLarge);
  refused.check(job(0));
  expect(() => refused.check(job(1))).toThrow(Fault);
  expect(() => refused.check(job(1_000))).toThrow(Fault);
});
