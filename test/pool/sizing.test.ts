import { expect, test } from 'vitest';
import { BadStart } from '../../src/bad-start.ts';
import { sizeFor } from '../../src/pool/sizing.ts';
import { readSettings } from '../../src/settings.ts';

const machine = (memoryMb: number) => ({ memoryMb, source: 'test' });
const settings = (more: Record<string, string> = {}) => readSettings({ AUTH: 'none', ...more });

test.each([512, 900, 2_048, 4_096, 16_384, 65_536, 524_288, 4_194_304])(
  'auto finds a division for a machine of %i MB, whose parts stay below the limit',
  (memoryMb) => {
    for (const readers of ['1', '4', '32', '64']) {
      const { limitMb, parentMb, archiveMb, processes, connection } = sizeFor(
        settings({ DB_MAX_CONNECTIONS: readers }),
        machine(memoryMb),
      );
      const { baseMb, growthMb, hardHeapMb, softHeapMb, cacheMb } = connection;
      expect(parentMb + archiveMb + processes * (baseMb + growthMb)).toBeLessThanOrEqual(limitMb);
      expect([softHeapMb < hardHeapMb, hardHeapMb < growthMb, cacheMb >= 1]).toEqual([true, true, true]);
    }
  },
);

test('a limit above what the machine has is noted', () => {
  expect(sizeFor(settings(), machine(600)).notes.join()).toMatch(/is more than the 600 MB there are/);
});

test('what does not fit is refused with the sum', () => {
  const attempt = () => sizeFor(settings({ DB_MEMORY_LIMIT_MB: '500' }), machine(4_096));
  expect(attempt).toThrow(BadStart);
  expect(attempt).toThrow(/DB_MEMORY_LIMIT_MB 500 is too small: .* = \d+ MB\. Raise it/);
});

test('a hard heap limit by hand makes auto ask for as much as it needs', () => {
  const { limitMb, connection } = sizeFor(settings({ DB_HARD_HEAP_LIMIT_MB: '2048' }), machine(4_096));
  expect(connection.hardHeapMb).toBe(2_048);
  expect(limitMb).toBeGreaterThan(6 * 2_048);
});
