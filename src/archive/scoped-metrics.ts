import { round2 } from '../clusters/footprint.ts';
import { samplesText } from '../jobs/samples-text.ts';
import { MOST_BYTES, MOST_SERIES, TooMuchData } from './metric-data-limits.ts';
import type { JobData, JobMetric, StatisticsSeries } from './read-data.ts';

/**
 * Returns one JSON text per metric and scope, `{name, scope, metric}` with all members of contract/introspection.json.
 * Lists of samples are JSON texts in strings, such as `"data":"[1.5,null]"`. The parent parses the text without parsing
 * the samples, and writes them as they are. Throws TooMuchData.
 */
export function metricTexts(data: JobData): string[] {
  checkSeries(data);
  let bytes = 0;
  return entriesOf(data).map(([name, scope, jobMetric]) => {
    const text = `{"name":${JSON.stringify(name)},"scope":"${scope}","metric":${metricText(jobMetric)}}`;
    bytes += text.length;
    if (bytes > MOST_BYTES) {
      throw new TooMuchData(
        `the metric data has more than ${MOST_BYTES / 1024 / 1024} MB: request fewer metrics, fewer scopes, or a coarser resolution`,
      );
    }
    return text;
  });
}

/**
 * Returns one JSON text per metric and scope: `{name, scope, stats: [{hostname, id, data: {avg, min, max}}]}`. The
 * statistics are not rounded. Throws TooMuchData.
 */
export function statisticsTexts(data: JobData): string[] {
  checkSeries(data);
  return entriesOf(data).map(([name, scope, { series }]) => {
    const stats = series.map(({ hostname, id, statistics }) => ({ hostname, id: id ?? null, data: statistics }));
    return JSON.stringify({ name, scope, stats });
  });
}

function entriesOf(data: JobData) {
  return [...data].flatMap(([name, perScope]) =>
    [...perScope].map(([scope, metric]) => [name, scope, metric] as const),
  );
}

function checkSeries(data: JobData): void {
  const series = entriesOf(data).reduce((sum, [, , metric]) => sum + metric.series.length, 0);
  if (series > MOST_SERIES) {
    throw new TooMuchData(`the requested metrics have ${series} series: the limit is ${MOST_SERIES}`);
  }
}

function metricText({ unit, timestep, series, statisticsSeries }: JobMetric): string {
  const all = series.map(({ hostname, id, statistics: { avg, min, max }, data }) => {
    const known = { hostname, id: id ?? null, statistics: { avg: round2(avg), min: round2(min), max: round2(max) } };
    return `${JSON.stringify(known).slice(0, -1)},"data":"${samplesText(data)}"}`;
  });
  const over = statisticsSeriesText(statisticsSeries ?? null);
  return `{"unit":${JSON.stringify(unit)},"timestep":${timestep},"series":[${all.join()}],"statisticsSeries":${over}}`;
}

function statisticsSeriesText(over: StatisticsSeries | null): string {
  if (over === null) return 'null';
  const { mean, median, min, max } = over;
  const entries = Object.entries({ mean, median, min, max });
  return `{${entries.map(([key, samples]) => `"${key}":"${samplesText(samples)}"`).join()}}`;
}
