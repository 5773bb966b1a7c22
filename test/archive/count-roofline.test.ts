import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { answerArchiveRequest } from '../../src/archive/archive-requests.ts';
import { checkGrid, type RooflineGrid } from '../../src/jobs/roofline.ts';
import { writeFiles } from '../support/archive.ts';
import { testFolder } from '../support/folder.ts';

const job = { cluster: 'small', jobId: 1002, startTime: 1_700_000_000 };
const FILE = 'small/1/002/1700000000/data.json';
/** Columns: 0.1 to 1, 1 to 10, 10 to 100. Rows: 1 to 10, 10 to 100. */
const grid: RooflineGrid = { rows: 2, cols: 3, minX: 0.1, maxX: 100, minY: 1, maxY: 100 };

type Samples = (number | null)[];
const metric = (...hosts: Samples[]) => ({
  timestep: 60,
  series: hosts.map((data, at) => ({ hostname: `n${at}`, data })),
});

async function counted(file: unknown, changes: Partial<RooflineGrid> = {}) {
  const root = testFolder();
  await writeFiles(root, { [FILE]: file });
  const request = { kind: 'roofline', job, grid: { ...grid, ...changes } } as const;
  const { texts, problems } = await answerArchiveRequest(root, request);
  return { counts: JSON.parse(texts[0] ?? 'null'), problems };
}

describe('a roofline', () => {
  test('counts the samples of each host, the lowest row first', async () => {
    const flops = metric([2, 20, 20, 1], [50, 50]);
    const memory = metric([4, 4, 1, 1], [100, 1]);
    // 2 at 0.5: row 0, col 0. 20 at 5: row 1, col 1. 20 at 20: row 1, col 2. 1 at 1: row 0, col 1.
    // 50 at 0.5: row 1, col 0. 50 at 50: row 1, col 2.
    const { counts } = await counted({ flops_any: { node: flops }, mem_bw: { node: memory } });
    expect(counts).toEqual([1, 1, 0, 1, 1, 2]);
  });

  test('leaves out what is missing, has no logarithm, or is outside', async () => {
    // missing, missing, 0 operations, 0 bytes, both 0, negative, below in y, above in y, below in x, above in x
    const flops = metric([null, 5, 0, 5, 0, -5, 0.5, 200, 2, 20]);
    const memory = metric([1, null, 5, 0, 0, 5, 1, 100, 40, 0.1]);
    const { counts } = await counted({ flops_any: { node: flops }, mem_bw: { node: memory } });
    expect(counts).toEqual([0, 0, 0, 0, 0, 0]);
  });

  test('includes the lower edges and leaves out the upper ones', async () => {
    // x 0.1 and y 1 are inside: col 0, row 0. x 100 is outside. y 100 is in no row.
    const flops = metric([1, 10, 100]);
    const memory = metric([10, 0.1, 10]);
    const { counts } = await counted({ flops_any: { node: flops }, mem_bw: { node: memory } });
    expect(counts).toEqual([1, 0, 0, 0, 0, 0]);
  });

  test('pairs hosts and time steps up to the shorter list', async () => {
    const flops = metric([2, 2, 2], [2], [2]);
    const memory = metric([4, 4], []);
    expect((await counted({ flops_any: { node: flops }, mem_bw: { node: memory } })).counts).toEqual([
      2, 0, 0, 0, 0, 0,
    ]);
  });

  test('uses the sum of the coarsest scope where the node scope is missing, and counts nothing without a metric', async () => {
    const socket = { ...metric([1], [1]), series: [0, 1].map(() => ({ hostname: 'n0', data: [1] })) };
    // 1 + 1 operations, 4 bytes: 0.5
    const { counts } = await counted({ flops_any: { socket }, mem_bw: { node: metric([4]) } });
    expect(counts).toEqual([1, 0, 0, 0, 0, 0]);
    for (const file of [{}, { flops_any: { node: metric([1]) } }, { flops_any: {}, mem_bw: { node: metric([1]) } }]) {
      expect(await counted(file)).toEqual({ counts: [0, 0, 0, 0, 0, 0], problems: [] });
    }
  });

  test('of a file that cannot be read is null with its reason', async () => {
    expect(await counted('{"flops_any":')).toEqual({
      counts: null,
      problems: [expect.stringContaining(FILE.slice(0, 9))],
    });
  });

  test('has the counts of a naive implementation', async () => {
    const sample = fc.oneof(fc.constantFrom(null, 0, 1, 10, 100, 0.1), fc.double({ min: 1e-3, max: 1e3, noNaN: true }));
    const hosts = fc.array(fc.array(sample, { maxLength: 30 }), { maxLength: 4 });
    const cells = fc.record({ rows: fc.integer({ min: 1, max: 9 }), cols: fc.integer({ min: 1, max: 9 }) });
    await fc.assert(
      fc.asyncProperty(hosts, hosts, cells, async (flops, memory, { rows, cols }) => {
        const file = { flops_any: { node: metric(...flops) }, mem_bw: { node: metric(...memory) } };
        const { counts } = await counted(file, { rows, cols });
        expect(counts).toEqual(naive(flops, memory, rows, cols));
      }),
      { numRuns: Number(process.env.FUZZ_RUNS ?? 100) },
    );
  });
});

/** Looks at each cell and counts the points in it. */
function naive(flops: Samples[], memory: Samples[], rows: number, cols: number): number[] {
  const points = flops.flatMap((host, at) =>
    host.flatMap((f, step) => {
      const b = memory[at]?.[step];
      if (f === null || b === null || b === undefined || f === 0 || b === 0) return [];
      return [{ x: Math.log10(f / b), y: Math.log10(f) }];
    }),
  );
  const cellsOf = (value: number, from: number, to: number, cells: number) => ((value - from) / (to - from)) * cells;
  return Array.from({ length: rows * cols }, (_, cell) => {
    const [row, col] = [Math.floor(cell / cols), cell % cols];
    return points.filter(({ x, y }) => {
      const [atX, atY] = [cellsOf(x, -1, 2, cols), cellsOf(y, 0, 2, rows)];
      return x >= -1 && x < 2 && atX >= col && atX < col + 1 && y >= 0 && atY >= row && atY < row + 1;
    }).length;
  });
}

test('a grid without cells, with too many, or without a range is refused', () => {
  const refusal = (changes: Partial<RooflineGrid>) => () => checkGrid({ ...grid, ...changes });
  expect(refusal({ rows: 100, cols: 100 })).not.toThrow();
  for (const cells of [{ rows: 0 }, { cols: -1 }, { rows: 101, cols: 100 }, { rows: 1e9, cols: 1 }]) {
    expect(refusal(cells)).toThrow('rows and cols must be at least 1, and rows * cols at most 10000');
  }
  for (const limits of [{ minX: 0 }, { minY: -1 }, { maxX: 0.1 }, { maxY: 0.5 }, { minX: Number.NaN }]) {
    expect(refusal(limits)).toThrow('minX and minY must be greater than 0');
  }
});
