import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readSettings } from '../../src/check-settings.ts';
import { sizeFor } from '../../src/nodejs/memory-sizing.ts';
import { StartupError } from '../../src/startup-error.ts';

const machine = (memoryMb: number) => ({ memoryMb, source: 'test' });
const settings = (more: Record<string, string> = {}) => readSettings({ AUTH: 'none', ...more });

const parts = ({
  parentMb,
  archiveMb,
  columnsMb,
  parquetMb,
  processes,
  connection: { baseMb, growthMb },
}: ReturnType<typeof sizeFor>) => parentMb + archiveMb + columnsMb + parquetMb + processes * (baseMb + growthMb);

test.each([512, 900, 1_024, 2_048, 4_096, 16_384, 65_536, 524_288, 4_194_304])(
  'auto finds a division for a machine of %i MB, whose parts stay below the limit',
  (memoryMb) => {
    for (const readers of memoryMb < 8_192 ? ['1', '4'] : ['1', '4', '32', '64']) {
      const sizing = sizeFor(settings({ DB_MAX_CONNECTIONS: readers }), machine(memoryMb));
      const { growthMb, hardHeapMb, softHeapMb, cacheMb } = sizing.connection;
      expect(parts(sizing)).toBeLessThanOrEqual(sizing.limitMb);
      expect([softHeapMb < hardHeapMb, hardHeapMb < growthMb, cacheMb >= 1]).toEqual([true, true, true]);
      expect(sizing.limitMb).toBeLessThanOrEqual(Math.max(memoryMb, 1_232));
    }
  },
);

test('the column index has its part of the limit, and auto leaves it out where connections would lack it', () => {
  const columnsOf = (memoryMb: number, more: Record<string, string>) => {
    const sizing = sizeFor(settings(more), machine(memoryMb));
    expect(parts(sizing)).toBeLessThanOrEqual(sizing.limitMb);
    return [sizing.columnsMb, sizing.parquetMb, sizing.notes.filter((note) => note.includes('COLUMN_INDEX')).length];
  };
  expect(columnsOf(65_536, {})).toEqual([600, 340, 0]); // auto
  expect(columnsOf(65_536, { COLUMN_INDEX: 'off' })).toEqual([0, 0, 0]);
  expect(columnsOf(2_048, { COLUMN_INDEX: 'auto' })).toEqual([0, 0, 1]);
  expect(columnsOf(2_048, { COLUMN_INDEX: 'on' })).toEqual([600, 0, 0]); // no room for Parquet files
  expect(columnsOf(65_536, { COLUMN_INDEX: 'on', COLUMN_INDEX_MEMORY_MB: '900' })).toEqual([900, 340, 0]);
  expect(columnsOf(65_536, { COLUMN_INDEX: 'on', DB_SYNC_URL: 'http://127.0.0.1:1' })).toEqual([0, 0, 1]);
  expect(columnsOf(65_536, { COLUMN_INDEX: 'on', DB_URL: 'http://127.0.0.1:1' })).toEqual([0, 0, 0]);
  expect(() => columnsOf(65_536, { COLUMN_INDEX: 'on', DB_MEMORY_LIMIT_MB: '900' })).toThrow(/600 \(column index\)/);
});

test.each([512, 2_048, 65_536])('work on the files of the archive has its part on a machine of %i MB', (memoryMb) => {
  const without = sizeFor(settings(), machine(memoryMb));
  const sizing = sizeFor(settings({ ARCHIVE_COMPRESSION_D: '30' }), machine(memoryMb));
  expect(parts(sizing)).toBeLessThanOrEqual(sizing.limitMb);
  expect(sizing.archiveMb).toBeGreaterThanOrEqual(without.archiveMb + 96);
  expect(sizing.limitMb).toBeLessThanOrEqual(Math.max(memoryMb, 1_232 + 96));
  const retention = { ARCHIVE_RETENTION: 'delete', ARCHIVE_RETENTION_D: '365' };
  expect(sizeFor(settings(retention), machine(memoryMb)).archiveMb).toBe(sizing.archiveMb);
});

test('a limit that is much of the machine is noted, one that is not is none', () => {
  expect(sizeFor(settings(), machine(600)).notes.join()).toMatch(/is most of the available 600 MB/);
  expect(sizeFor(settings({ DB_MEMORY_LIMIT_MB: '9000' }), machine(8_192)).notes).toHaveLength(1);
  expect(sizeFor(settings({ COLUMN_INDEX: 'off' }), machine(2_048)).notes).toEqual([]);
});

test('auto never asks for more than the machine has, whatever was set by hand', () => {
  for (const more of [{ DB_HARD_HEAP_LIMIT_MB: '9000' }, { DB_MAX_CONNECTIONS: '64' }, { BODY_LIMIT_MB: '1024' }]) {
    const attempt = () => sizeFor(settings(more as Record<string, string>), machine(2_048));
    expect(attempt).toThrow(StartupError);
    expect(attempt).toThrow(/not enough memory: 2048 MB \(test\), required: .* = \d+ MB\. Lower DB_MAX_CONNECTIONS/);
  }
});

test('what does not fit is refused with the sum, and the sum fits', () => {
  const tried = fc.record({
    DB_MEMORY_LIMIT_MB: fc.integer({ min: 128, max: 20_000 }),
    DB_MAX_CONNECTIONS: fc.integer({ min: 1, max: 64 }),
    DB_HARD_HEAP_LIMIT_MB: fc.oneof(fc.constant('auto'), fc.integer({ min: 8, max: 2_000 })),
    BODY_LIMIT_MB: fc.integer({ min: 1, max: 1_024 }),
  });
  let refused = 0;
  fc.assert(
    fc.property(tried, (values) => {
      const env = Object.fromEntries(Object.entries(values).map(([name, value]) => [name, String(value)]));
      try {
        const sizing = sizeFor(settings(env), machine(524_288));
        expect(parts(sizing)).toBeLessThanOrEqual(sizing.limitMb);
      } catch (error) {
        if (!(error instanceof StartupError)) throw error;
        const [, needed = ''] =
          /DB_MEMORY_LIMIT_MB \d+ is too small: .* = (\d+) MB\. Raise it/.exec(error.message) ?? [];
        refused += 1;
        sizeFor(settings({ ...env, DB_MEMORY_LIMIT_MB: needed }), machine(524_288));
        const less = String(Number(needed) - 70);
        expect(() => sizeFor(settings({ ...env, DB_MEMORY_LIMIT_MB: less }), machine(524_288))).toThrow(StartupError);
      }
    }),
  );
  expect(refused).toBeGreaterThan(0);
});

test('a hard heap limit by hand makes auto ask for as much as it needs', () => {
  const { limitMb, connection } = sizeFor(settings({ DB_HARD_HEAP_LIMIT_MB: '2048' }), machine(32_768));
  expect(connection.hardHeapMb).toBe(2_048);
  expect(limitMb).toBeGreaterThan(6 * 2_048);
});
