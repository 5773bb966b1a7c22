import { Fault } from '../faults.ts';

/** The metrics of a roofline: operations, and bytes to and from memory. */
export const ROOFLINE_METRICS = ['flops_any', 'mem_bw'] as const;

/** The cells of a roofline heat map. Both axes are logarithmic. */
export interface RooflineGrid {
  readonly rows: number;
  readonly cols: number;
  /** Arithmetic intensity: operations per byte. */
  readonly minX: number;
  readonly maxX: number;
  /** Operations per second. */
  readonly minY: number;
  readonly maxY: number;
}

/** The front end of cc-backend asks for 2,500 cells. The archive's process answers with a count for each. */
const MOST_CELLS = 10_000;

/** Throws invalid_request if there are no cells, too many cells, or limits that have no logarithm or no distance. */
export function checkGrid({ rows, cols, minX, maxX, minY, maxY }: RooflineGrid): void {
  if (rows < 1 || cols < 1 || rows * cols > MOST_CELLS) {
    throw new Fault('invalid_request', `rows and cols must be at least 1, and rows * cols at most ${MOST_CELLS}`);
  }
  if (!(minX > 0 && minX < maxX && minY > 0 && minY < maxY)) {
    throw new Fault('invalid_request', 'minX and minY must be greater than 0 and less than maxX and maxY');
  }
}

type Samples = readonly (number | null)[];

/**
 * Counts the samples of one host in `counts`, one number per cell, row by row from the lowest (contract/graphql.md §7).
 * Time steps that one of the metrics lacks, and points outside the grid, are left out.
 */
export function countRoofline(counts: number[], grid: RooflineGrid, flops: Samples, bandwidth: Samples): void {
  const { rows, cols } = grid;
  const [minX, maxX] = [Math.log10(grid.minX), Math.log10(grid.maxX)];
  const [minY, maxY] = [Math.log10(grid.minY), Math.log10(grid.maxY)];
  const steps = Math.min(flops.length, bandwidth.length);
  for (let step = 0; step < steps; step++) {
    const operations = flops[step] ?? Number.NaN;
    const x = Math.log10(operations / (bandwidth[step] ?? Number.NaN));
    const y = Math.log10(operations);
    const isInside = x >= minX && x < maxX && y >= minY && y <= maxY; // false for NaN
    if (!isInside) continue;
    const col = Math.floor(((x - minX) / (maxX - minX)) * cols);
    const row = Math.floor(((y - minY) / (maxY - minY)) * rows);
    // A point on the upper edge is in no row.
    if (col < cols && row < rows) counts[row * cols + col] = (counts[row * cols + col] ?? 0) + 1;
  }
}
