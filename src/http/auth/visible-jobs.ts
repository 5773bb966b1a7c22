import type { Context } from 'hono';
import type { JobFilter } from '../../jobs/filter.ts';
import { type HiddenMetrics, hiddenFrom } from '../../jobs/hidden-metrics.ts';
import { nodePeaksOf } from '../../jobs/node-peaks.ts';
import { type VisibleJobs, visibleTo } from '../../jobs/visibility.ts';
import type { CallerQuestions } from '../../questions/caller-questions.ts';
import { nowSec } from '../request-values.ts';
import type { AppEnv } from '../service.ts';

/**
 * Limits a filter to the jobs, tags and metrics that the caller may see. Every route about jobs starts with it. Throws
 * `forbidden` if the roles see no jobs, or if the filter uses a restricted metric.
 */
export function visibleJobs(c: Context<AppEnv>, filter: JobFilter = []): VisibleJobs {
  const { clusters } = c.get('service');
  return { ...visibleTo(c.get('user'), filter, hiddenMetrics(c)), nodePeaks: nodePeaksOf(clusters) };
}

/** Returns what an answer made of several questions needs, limited to what the caller may see. */
export function callerQuestions(c: Context<AppEnv>): CallerQuestions {
  return {
    db: c.get('db'),
    questions: c.get('jobs'),
    visible: (filter) => visibleJobs(c, filter),
    nowSec: nowSec(c),
    shortJobSec: c.get('service').settings.SHORT_JOB_S,
    deadline: c.get('deadline'),
  };
}

/** The metrics that RESTRICTED_METRICS hides from the caller. */
export function hiddenMetrics(c: Context<AppEnv>): HiddenMetrics | undefined {
  const { settings, clusters } = c.get('service');
  return settings.RESTRICTED_METRICS === 'hide' ? hiddenFrom(c.get('user'), clusters) : undefined;
}
