import type { Context } from 'hono';
import type { JobFilter } from '../../jobs/filter.ts';
import { type HiddenMetrics, hiddenFrom } from '../../jobs/hidden-metrics.ts';
import { type VisibleJobs, visibleTo } from '../../jobs/visibility.ts';
import type { AppEnv } from '../env.ts';

/**
 * The filter limited to what the caller may see: jobs, tags and metrics. Every route about jobs begins with it. Throws `forbidden` for
 * roles that see no jobs, and for a filter by a restricted metric.
 */
export function visibleJobs(c: Context<AppEnv>, filter: JobFilter = []): VisibleJobs {
  return visibleTo(c.var.user, filter, hiddenMetrics(c));
}

/** Metrics that the caller may not see, by RESTRICTED_METRICS. */
export function hiddenMetrics(c: Context<AppEnv>): HiddenMetrics | undefined {
  const { settings, clusters } = c.var.service;
  return settings.RESTRICTED_METRICS === 'hide' ? hiddenFrom(c.var.user, clusters) : undefined;
}
