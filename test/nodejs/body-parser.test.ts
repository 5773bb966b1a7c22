import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { Fault } from '../../src/faults.ts';
import { partsOf } from '../../src/http/json/json-body.ts';
import type { LargeBody } from '../../src/http/json/large-bodies.ts';
import { type BodiesProcess, openBodies } from '../../src/nodejs/body-parser.ts';
import { ReplacementPermit } from '../../src/processes/replacement-permit.ts';
import { within } from '../support/pool.ts';

const LIMITS = { values: 1_000_000, depth: 8 };
const JOB = {
  jobId: 9_007_199_254_740_991,
  cluster: 'small',
  user: 'ada',
  resources: [{ hostname: 'n01', hwthreads: [0, 1, 2] }, { hostname: 'é\u{1F600}' }],
  metaData: { jobScript: 'srun\n' },
  tags: [{ type: 'a', name: 'b' }],
};

function body(value: unknown): LargeBody {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return { name: 'startJob', bytes: new TextEncoder().encode(text), limits: LIMITS };
}

function bodies(options: { memoryMb?: number; maxIdleMs?: number; callerLimit?: number } = {}): BodiesProcess {
  const opened = openBodies({
    memoryMb: 168,
    queueLimit: 8,
    callerLimit: 8,
    replacementPermit: new ReplacementPermit(),
    log: { warn() {} },
    ...options,
  });
  onTestFinished(() => opened.close(500));
  return opened;
}

async function faultOf(work: Promise<unknown>): Promise<[code: string, message: string]> {
  try {
    await work;
  } catch (error) {
    if (error instanceof Fault) return [error.code, error.message];
    throw error;
  }
  return ['none', ''];
}

test('a body taken apart in its process is what it is here, and so are its faults', async () => {
  const { takeApart } = bodies();
  for (const good of [JOB, { ...JOB, startTime: 5 }]) {
    expect(await takeApart(body(good), within(20_000))).toEqual(await partsOf(body(good)));
  }
  for (const bad of ['{', '[]', { ...JOB, colour: 1 }, { ...JOB, tags: Array(2_001).fill({}) }, '['.repeat(9)]) {
    const here = await faultOf(partsOf(body(bad)));
    expect(here[0]).toBe('invalid_request');
    expect(await faultOf(takeApart(body(bad), within(20_000)))).toEqual(here);
  }
});

test('the process starts with the first body, and ends when there is none for a while', async () => {
  const { takeApart, status } = bodies({ maxIdleMs: 200 });
  expect(status().processes).toEqual([]);
  await takeApart(body(JOB), within(20_000));
  const [process, ...others] = status().processes;
  expect([process?.role, others]).toEqual(['bodies', []]);
  // Its program calls the garbage collector.
  expect(readFileSync(`/proc/${process?.pid}/cmdline`, 'utf8')).toContain('--expose-gc');
  await vi.waitUntil(() => status().processes.length === 0, { timeout: 20_000 });
  await takeApart(body(JOB), within(20_000)); // and starts again
});

test('what a body of a megabyte leaves is collected after its answer; after a small one nothing is', async () => {
  const reports = 'data:text/javascript,globalThis.gc = () => process.send({ kind: "collected" })';
  const program = join(import.meta.dirname, '../../src/nodejs/body-parser-program.ts');
  const child = spawn(process.execPath, ['--import', reports, program], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    serialization: 'advanced',
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const kinds: string[] = [];
  child.on('message', ({ kind }: { kind: string }) => kinds.push(kind));
  child.send({ kind: 'open', options: null });
  await once(child, 'message');
  for (const characters of [1_000, 2 ** 20]) {
    const input = body({ ...JOB, metaData: { jobScript: 'x'.repeat(characters) } });
    child.send({ kind: 'call', id: 1, name: 'parse', input });
    await once(child, 'message');
    child.send({ kind: 'ping' }); // the answer follows a collection
    await vi.waitUntil(() => kinds.at(-1) === 'pong', { timeout: 60_000 });
  }
  expect(kinds).toEqual(['ready', 'done', 'pong', 'done', 'collected', 'pong']);
});

test('a caller beyond its share is refused while another waits, and on its own it is not', async () => {
  const { takeApart, status } = bodies({ callerLimit: 2 });
  const sent = (caller: string) => faultOf(takeApart(body(JOB), { ...within(20_000), caller }));
  const alone = ['ada', 'ada', 'ada'].map(sent);
  const other = sent('ben');
  const [code, message] = await sent('ada');
  expect([code, message]).toEqual(['queue_full', expect.stringMatching(/^3 of your own requests/)]);
  expect(await Promise.all([...alone, other])).toEqual(Array(4).fill(['none', '']));
  expect(status().processes).toHaveLength(1); // one process parsed all of them
});

test('a body that needs more memory than there is is a 503, and the next one is read', async () => {
  const { takeApart } = bodies({ memoryMb: 70 });
  const large = body({ ...JOB, metaData: { jobScript: 'x'.repeat(16 * 2 ** 20) } });
  const [code] = await faultOf(takeApart(large, within(25_000)));
  expect(['memory_limit_exceeded', 'connection_lost']).toContain(code);
  expect(await takeApart(body(JOB), within(25_000))).toEqual(await partsOf(body(JOB)));
});

test('the deadline holds', async () => {
  const { takeApart } = bodies();
  expect(await faultOf(takeApart(body(JOB), within(1)))).toEqual([
    'deadline_exceeded',
    'the request did not finish within 1 ms',
  ]);
});

test('the largest job of a centre is taken again and again: what one leaves behind is no memory of the next', async () => {
  const { takeApart } = bodies();
  const hwthreads = Array.from({ length: 128 }, (_, nth) => nth);
  const largest = {
    ...JOB,
    numNodes: 10_000,
    resources: Array.from({ length: 10_000 }, (_, nth) => ({ hostname: `n${nth}`, hwthreads })),
    metaData: { jobScript: 'srun "./x"\n'.repeat(380_000) },
  };
  for (let times = 0; times < 10; times += 1) {
    expect(
      await takeApart({ ...body(largest), limits: { ...LIMITS, values: 2_000_000 } }, within(60_000)),
    ).toMatchObject({ numNodes: 10_000 });
  }
});
