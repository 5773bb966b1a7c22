import { Hono } from 'hono';
import { ClusterFiguresReader } from '../src/http/prometheus/cluster-figures.ts';
import type { ServiceMetrics } from '../src/http/prometheus/prometheus-port.ts';
import { requireScraper } from '../src/http/prometheus/scrape-access.ts';
import type { AppEnv } from '../src/http/service.ts';
import { systemState } from '../src/http/system-state.ts';

/**
 * GET /metrics: the state of the service and of the clusters in the text format of Prometheus. If the database does not
 * answer in time, the figures of the clusters are missing and `ccjobs_cluster_figures_up` is 0. src/app.ts mounts it
 * only if its entry passes `metrics`: on Node with METRICS_TOKEN or METRICS_ADDRESSES, in a Worker never.
 */
export function metrics({ text, contentType }: ServiceMetrics): Hono<AppEnv> {
  const figures = new ClusterFiguresReader();
  return new Hono<AppEnv>().get('/metrics', async (c) => {
    await requireScraper(c);
    const known = await figures.read(c).catch((error: unknown) => {
      c.get('log').warn({ err: error }, 'the figures of the clusters could not be read for /metrics');
      return undefined;
    });
    return new Response(await text(systemState(c), known), { headers: { 'Content-Type': contentType } });
  });
}
