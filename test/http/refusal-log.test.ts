import { PassThrough } from 'node:stream';
import { pino } from 'pino';
import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { FAULTS, Fault, type FaultCode } from '../../src/faults.ts';
import { base64Url } from '../../src/http/auth/signing-keys.ts';
import { RefusalLog } from '../../src/http/faults/refusal-log.ts';
import { LOGIN_KEY } from '../support/login.ts';
import { before, type LogLine, listeningLog, type TestApp, testApp } from '../support/test-app.ts';

let service: TestApp;
afterEach(() => service?.close());

const SECRET = 'hunter2';
const part = (text: string) => base64Url(new TextEncoder().encode(text));
/** Tokens that fail at each step. Each contains a secret that someone may have put there by mistake. */
const BAD_TOKENS = [
  `${SECRET}`,
  `${SECRET}.${SECRET}.${SECRET}`,
  `${part(`${SECRET} not json`)}.e30.AA`,
  `${part(`{"alg":"${SECRET}"}`)}.e30.AA`,
  `${part(`{"alg":"EdDSA","crit":"${SECRET}"}`)}.e30.AA`,
  `${part('{"alg":"EdDSA"}')}.${part(SECRET)}.AA`,
  `${part('{"alg":"EdDSA"}')}.${part(SECRET)}.${part(SECRET.repeat(10))}`,
  `${part('{"alg":"HS512"}')}.${part(`{"sub":7,"x":"${SECRET}"}`)}.A`,
];

describe('a bad token', () => {
  test.each(BAD_TOKENS)('is one short line in the log, without anything of it: %s', async (token) => {
    service = await testApp({ settings: { CROSS_LOGIN_JWT_HS512_KEY: LOGIN_KEY } });
    for (const ask of [
      () => service.app.request('/api/jobs/', { headers: { 'X-Auth-Token': token } }),
      () => service.app.request('/', { headers: { Authorization: `Bearer ${token}` } }),
      () => service.app.request(`/jwt-login?login-token=${token}`),
    ]) {
      service.lines.length = 0;
      expect((await ask()).status).toBe(401);
      expect(service.lines.map(({ message }) => message)).toEqual(['request']);
      const text = JSON.stringify(service.lines);
      expect(text).not.toContain(SECRET);
      expect(text).not.toContain(token);
      expect(text.length).toBeLessThan(400);
    }
  });

  test('a thousand times is a bounded log, which says how many there were', async () => {
    const lines: { time: number; msg: string; refused?: Record<string, number> }[] = [];
    const sink = new PassThrough().on('data', (line) => lines.push(JSON.parse(String(line))));
    service = await testApp({ service: () => ({ log: pino({ base: null }, sink) }) });
    for (let n = 0; n < 1_000; n += 1) {
      await service.app.request('/api/jobs/', { headers: { 'X-Auth-Token': BAD_TOKENS[n % BAD_TOKENS.length] ?? '' } });
    }
    const inFull = () => lines.filter(({ msg }) => msg === 'request');
    const counted = () => lines.flatMap(({ refused = {} }) => Object.values(refused));
    const all = () => inFull().length + counted().reduce((sum, count) => sum + count, 0);
    await vi.waitUntil(() => all() === 1_000, { timeout: 20_000 }); // none is lost
    const seconds = Map.groupBy(inFull(), ({ time }) => Math.floor(time / 1_000));
    for (const [second, { length }] of seconds) expect(length, String(second)).toBeLessThanOrEqual(20);
  });
});

describe('refused requests', () => {
  const OURS: readonly FaultCode[] = (Object.keys(FAULTS) as FaultCode[]).filter((code) => FAULTS[code].status >= 500);

  test.each(Object.keys(FAULTS) as FaultCode[])('%s: no cause of a caller, no cause of a full queue', async (code) => {
    const error = new Fault(code, 'told', { cause: new Error(SECRET) });
    service = await testApp({
      service: ({ db }) => ({
        db: before(db, () => {
          throw error;
        }),
      }),
    });
    await service.get('/api/jobs/count');
    const told = service.lines.filter(({ fields }) => 'err' in fields);
    expect(told).toHaveLength(OURS.includes(code) && code !== 'queue_full' ? 1 : 0);
  });

  test('are logged in full up to twenty a second, of each kind', () => {
    const lines: LogLine[] = [];
    const refusals = new RefusalLog(listeningLog(lines));
    const taken = (code: FaultCode, atMs: number, times: number) =>
      Array.from({ length: times }, () => refusals.takes(code, atMs)).filter(Boolean).length;
    expect([taken('unauthorized', 0, 500), taken('conflict', 900, 3), taken('queue_full', 999, 21)]).toEqual([
      20, 3, 20,
    ]);
    expect(lines).toEqual([]);
    expect(taken('unauthorized', 1_000, 30)).toBe(20);
    expect(lines.map(({ fields }) => fields)).toEqual([{ refused: { unauthorized: 480, queue_full: 1 } }]);
    expect(taken('unauthorized', 5_000, 1)).toBe(1);
    expect(lines.map(({ fields }) => fields)).toEqual([
      { refused: { unauthorized: 480, queue_full: 1 } },
      { refused: { unauthorized: 10 } },
    ]);
  });

  test('have at most twenty full lines in any second of the clock, of each kind, and all others are counted', () => {
    vi.useFakeTimers({ now: 1_700_000_000_300 });
    onTestFinished(() => void vi.useRealTimers());
    const lines: LogLine[] = [];
    const refusals = new RefusalLog(listeningLog(lines));
    // The number in each tenth of a second, for five seconds that begin at three tenths. The first two exceed twenty a
    // second.
    const tenths = 50;
    const rates: [FaultCode, number][] = [
      ['unauthorized', 40],
      ['queue_full', 7],
      ['conflict', 2],
    ];
    const inFull = new Map<string, number>();
    for (let tenth = 0; tenth < tenths; tenth += 1) {
      for (const [code, times] of rates) {
        const taken = Array.from({ length: times }, () => refusals.takes(code)).filter(Boolean).length;
        const key = `${Math.floor(Date.now() / 1_000) - 1_700_000_000} ${code}`;
        inFull.set(key, (inFull.get(key) ?? 0) + taken);
      }
      vi.advanceTimersByTime(100);
    }
    vi.advanceTimersByTime(1_000); // the last second is reported without a further request
    expect(Object.fromEntries(inFull)).toEqual(
      Object.fromEntries(
        [0, 1, 2, 3, 4, 5].flatMap((second) => [
          [`${second} unauthorized`, 20],
          [`${second} queue_full`, 20],
          // 7 tenths of the first second, 3 of the last
          [`${second} conflict`, second === 0 ? 14 : second === 5 ? 6 : 20],
        ]),
      ),
    );
    const counted = lines.map(({ fields }) => fields['refused'] as Partial<Record<FaultCode, number>>);
    const sum = (code: FaultCode) => counted.reduce((all, one) => all + (one[code] ?? 0), 0);
    // All of them, minus twenty in each of six seconds.
    expect([sum('unauthorized'), sum('queue_full'), sum('conflict')]).toEqual([50 * 40 - 120, 50 * 7 - 120, 0]);
    expect(counted).toHaveLength(6); // one line a second
  });

  test('do not keep those that are answered out of the log', async () => {
    service = await testApp();
    for (let n = 0; n < 50; n += 1) await service.app.request('/api/jobs/');
    await service.get('/api/jobs/count');
    expect(service.lines.some(({ fields }) => fields['status'] === 200)).toBe(true);
  });
});

test('no text of a caller breaks a line of the log, or makes it long', async () => {
  const sink = new PassThrough();
  const log = pino({ base: null }, sink);
  service = await testApp({
    service: () => ({ log, clientAddress: () => `1.2.3.4\n{"level":30}${'x'.repeat(9_000)}` }),
  });
  const name = `a\r\n\u0000\u001b[2J\u2028{"level":50,"msg":"forged"}${'x'.repeat(5_000)}`;
  await service.get('/api/jobs/count', name, 'api');
  await service.app.request(`/api/jobs/${encodeURIComponent(name)}`);
  await service.app.request(`/${encodeURIComponent(name)}`);
  await service.app.request('/api/jobs/', { headers: { 'X-Request-Id': 'a b"\t{' } });
  const lines = String(sink.read()).trimEnd().split('\n');
  expect(lines).toHaveLength(4);
  for (const line of lines) {
    expect(JSON.parse(line)).toMatchObject({ level: 30, msg: 'request' });
    expect(line).not.toMatch(/\p{Cc}/u);
    expect(line.length).toBeLessThan(2_000);
  }
});
