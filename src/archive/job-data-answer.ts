import { unitJson } from '../clusters/cluster-json.ts';
import { round2 } from '../clusters/footprint.ts';
import { samplesText } from '../jobs/samples-text.ts';
import type { JobData, JobMetric, Series, StatisticsSeries } from './read-data.ts';

/** `map`: metric -> scope -> data, as in GET /api/jobs/{id}. `list`: one entry per metric and scope, as in POST. */
export type DataShape = 'map' | 'list';

/** The JSON text of a job's data: two decimals, null for a missing sample (contract/rest.md §5). */
export function jobDataText(data: JobData, shape: DataShape): string {
  const metrics = [...data].map(([name, perScope]) => ({
    name,
    scopes: [...perScope].map(([scope, jobMetric]) => ({ scope, text: jobMetricText(jobMetric) })),
  }));
  if (shape === 'map') {
    const entries = metrics.map(
      ({ name, scopes }) => `${JSON.stringify(name)}:{${scopes.map(({ scope, text }) => `"${scope}":${text}`).join()}}`,
    );
    return `{${entries.join()}}`;
  }
  const entries = metrics.flatMap(({ name, scopes }) =>
    scopes.map(({ scope, text }) => `{"metric":${text},"name":${JSON.stringify(name)},"scope":"${scope}"}`),
  );
  return `[${entries.join()}]`;
}

function jobMetricText({ unit, timestep, series, statisticsSeries }: JobMetric): string {
  const statistics =
    statisticsSeries === null || statisticsSeries === undefined
      ? ''
      : `,"statisticsSeries":${statisticsSeriesText(statisticsSeries)}`;
  const all = series.map(seriesText).join();
  return `{"unit":${JSON.stringify(unitJson(unit))},"timestep":${timestep},"series":[${all}]${statistics}}`;
}

function seriesText({ hostname, id, statistics, data }: Series): string {
  const { min, avg, max } = statistics;
  const rounded = JSON.stringify({ min: round2(min), avg: round2(avg), max: round2(max) });
  const idText = id === null || id === undefined ? '' : `"id":${JSON.stringify(id)},`;
  return `{"hostname":${JSON.stringify(hostname)},${idText}"statistics":${rounded},"data":${samplesText(data)}}`;
}

function statisticsSeriesText({ mean, median, min, max, percentiles }: StatisticsSeries): string {
  const lists = { mean, median, min, max };
  const entries = Object.entries(lists).map(([key, samples]) => `"${key}":${samplesText(samples)}`);
  if (percentiles !== null && percentiles !== undefined && Object.keys(percentiles).length > 0) {
    const inner = Object.entries(percentiles).map(([key, samples]) => `${JSON.stringify(key)}:${samplesText(samples)}`);
    entries.push(`"percentiles":{${inner.join()}}`);
  }
  return `{${entries.join()}}`;
}
