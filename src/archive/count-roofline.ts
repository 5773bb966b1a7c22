import { countRoofline, ROOFLINE_METRICS, type RooflineGrid } from '../jobs/roofline.ts';
import { readJobData } from './read-data.ts';
import { addNodeScope } from './select-data.ts';

/**
 * Counts the samples of a job in the cells of a grid, row by row, as JSON text. All counts are 0 if the job has no node
 * scope of one of the metrics. Throws like readJobData.
 */
export async function readRoofline(folder: string, grid: RooflineGrid): Promise<string> {
  const data = await readJobData(folder, ROOFLINE_METRICS);
  const [flops = [], bandwidth = []] = ROOFLINE_METRICS.map((metric) => {
    addNodeScope(data.get(metric));
    return data.get(metric)?.get('node')?.series;
  });
  const counts: number[] = Array(grid.rows * grid.cols).fill(0);
  for (const [host, { data: samples }] of flops.entries()) {
    countRoofline(counts, grid, samples, bandwidth[host]?.data ?? []);
  }
  return JSON.stringify(counts);
}
