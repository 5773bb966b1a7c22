import { pino } from 'pino';
import { expect, test } from 'vitest';
import { LogRing } from '../../src/nodejs/log-ring.ts';

function logged(write: (log: ReturnType<typeof pino>) => void) {
  const ring = new LogRing();
  write(pino({ level: 'debug', base: null }, { write: (line: string) => ring.add(line) }));
  return ring.entries();
}

test('a line has its time, its severity and its fields', () => {
  const before = Date.now();
  const [entry, ...others] = logged((log) => {
    log.info({ path: '/', status: 200 }, 'request');
    log.debug('detail');
    log.warn('odd');
    log.error({ err: new Error('why') }, 'failed');
    log.fatal('end');
  });
  expect(entry).toMatchObject({ priority: 6, message: 'request {"path":"/","status":200}' });
  expect(entry?.atMs).toBeGreaterThanOrEqual(before);
  expect(others.map(({ priority }) => priority)).toEqual([7, 4, 3, 2]);
  expect(others[2]?.message).toContain('why');
});

test('the newest lines are kept, within two bounds', () => {
  const many = logged((log) => {
    for (let n = 0; n < 2_100; n += 1) log.info(`line ${n}`);
  });
  expect([many.length, many[0]?.message, many.at(-1)?.message]).toEqual([2000, 'line 100', 'line 2099']);
  const long = logged((log) => {
    for (let n = 0; n < 20; n += 1) log.info(`${n}`.padEnd(100_000));
  });
  expect(long).toHaveLength(10); // 10 of 100,045 characters fit into 1 MiB
  expect(logged((log) => log.info('x'.repeat(2 ** 21)))).toEqual([]);
});
