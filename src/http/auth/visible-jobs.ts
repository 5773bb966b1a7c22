import type { Context } from 'hono';
import type { JobFilter } from '../../jobs/filter.ts';
import { type HiddenMetrics, hiddenFrom } from '../../jobs/hidden-metrics.ts';
import { nodePeaksOf } from '../../jobs/node-peaks.ts';
import { type VisibleJobs, visibleTo } from '../../jobs/visibility.ts';
import type { AppEnv } from '../service.ts';

/**
 * Limits a filter to the jobs, tags and metrics that the caller may see. Every route about jobs starts with it. Throws
 * `forbidden` if the roles see no jobs, or if the filter uses a restricted metric.
 */
export function visibleJobs(c: Context<AppEnv>, filter: JobFilter = []): VisibleJobs {
  const { clusters } = c.get('service');
  return { ...visibleTo(c.get('user'), filter, hiddenMetrics(c)), nodePeaks: nodePeaksOf(clusters) };
}

/** The metrics that RESTRICTED_METRICS hides from the caller. */
export function hiddenMetrics(c: Context<AppEnv>): HiddenMetrics | undefined {
  const { settings, clusters } = c.get('service');
  return settings.RESTRICTED_METRICS === 'hide' ? hiddenFrom(c.get('user'), clusters) : undefined;
}
