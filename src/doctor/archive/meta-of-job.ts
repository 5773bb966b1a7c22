import { type JobData, readJobData } from '../../archive/read-data.ts';
import { unitJson } from '../../clusters/cluster-json.ts';
import { round2 } from '../../clusters/footprint.ts';
import { jsonWithNumberTexts } from '../../lossless-json.ts';

/**
 * The content of a meta.json from the REST object of a job in the database, with the statistics that its metric data has
 * (contract/archive.md §4). Numbers keep their exact text. Throws like readJobData.
 */
export async function metaOfJob(restJob: string, folder: string): Promise<object> {
  const job = jsonWithNumberTexts(restJob);
  if (typeof job !== 'object' || job === null) throw new TypeError('not a job');
  const { wait: _, tags, ...members } = job as Record<string, unknown>;
  const { numNodes } = JSON.parse(restJob) as { numNodes: number };
  const statistics = statisticsOf(await readJobData(folder, null), numNodes);
  // cc-backend writes tags with the id 0.
  const written = Array.isArray(tags) ? tags.map((tag: object) => ({ ...tag, id: 0 })) : [];
  return { ...members, tags: written, statistics };
}

function statisticsOf(data: JobData, numNodes: number): Record<string, object> {
  const all = [...data].flatMap(([metric, perScope]) => {
    const node = perScope.get('node');
    if (node === undefined || node.series.length === 0) return [];
    const each = node.series.map(({ statistics }) => statistics);
    const sum = each.reduce((total, { avg }) => total + avg, 0);
    const over = {
      unit: unitJson(node.unit),
      avg: round2(sum / Math.max(1, numNodes)),
      min: Math.min(...each.map(({ min }) => min)),
      max: Math.max(...each.map(({ max }) => max)),
    };
    return [[metric, over] as const];
  });
  return Object.fromEntries(all);
}
