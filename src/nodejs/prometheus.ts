import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { ClusterFigures, ServiceMetrics } from '../http/prometheus/prometheus-port.ts';
import type { ProcessesStatus, SystemState } from '../system-state-types.ts';

const PREFIX = 'ccjobs_';
/** Seconds. Answers from an index take milliseconds; the default deadline is 30 s. */
const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
const BYTES_PER_MB = 1024 * 1024;
const INDEX_STATES = ['building', 'ready', 'stale', 'unsuitable', 'off'] as const;

type Labels = Readonly<Record<string, string>>;
/** Values of one metric by their labels. */
type Values = readonly (readonly [value: number, labels?: Labels])[];

/** Counts requests, and prints them with the state of the service for Prometheus. */
export function serviceMetrics(): ServiceMetrics {
  const requests = new Registry();
  const counted = new Counter({
    name: `${PREFIX}http_requests_total`,
    help: 'Requests answered since the start, by route and status.',
    labelNames: ['method', 'route', 'status'],
    registers: [requests],
  });
  const timed = new Histogram({
    name: `${PREFIX}http_request_duration_seconds`,
    help: 'Time from the arrival of a request to the end of its answer, by route.',
    labelNames: ['route'],
    buckets: BUCKETS,
    registers: [requests],
  });
  return {
    contentType: requests.contentType,
    observe({ method, route, status, seconds }) {
      counted.inc({ method, route, status: String(status) });
      timed.observe({ route }, seconds);
    },
    async text(state, figures) {
      const registry = new Registry();
      addService(registry, state);
      addDatabase(registry, state);
      addClusters(registry, figures);
      return `${await requests.metrics()}\n${await registry.metrics()}`;
    },
  };
}

function gauge(registry: Registry, name: string, help: string, values: Values): void {
  const metric = new Gauge({ name: PREFIX + name, help, labelNames: labelsOf(values), registers: [registry] });
  for (const [value, labels = {}] of values) metric.set(labels, value);
}

function counter(registry: Registry, name: string, help: string, values: Values): void {
  const metric = new Counter({ name: PREFIX + name, help, labelNames: labelsOf(values), registers: [registry] });
  for (const [value, labels = {}] of values) metric.inc(labels, value);
}

function labelsOf(values: Values): string[] {
  return [...new Set(values.flatMap(([, labels = {}]) => Object.keys(labels)))];
}

function addService(registry: Registry, state: SystemState): void {
  const { parent, sizing, refusedReports, upstream, timedWork = [], degraded } = state;
  gauge(registry, 'degraded', 'Problems for the operator, as many as /healthz names.', [[degraded.length]]);
  if (parent !== undefined) {
    const { eventLoopLagMs: lag, connections } = parent;
    gauge(registry, 'uptime_seconds', 'Time since the start of the service.', [[parent.ageSec]]);
    gauge(
      registry,
      'event_loop_lag_seconds',
      'The worst lag of the event loop of a minute, in the last five minutes.',
      (['p50', 'p99', 'max'] as const).map((figure) => [lag[figure] / 1000, { figure }]),
    );
    gauge(registry, 'connections_open', 'Open connections of clients.', [[connections.open]]);
    gauge(registry, 'connections_limit', 'The most connections that are accepted.', [[connections.most]]);
    counter(registry, 'connections_dropped_total', 'Connections closed to make room, or refused.', [
      [connections.closedEarly, { how: 'closed early' }],
      [connections.refused, { how: 'refused' }],
    ]);
  }
  if (sizing !== undefined) {
    gauge(registry, 'memory_limit_bytes', 'The memory limit of all processes together.', [
      [sizing.limitMb * BYTES_PER_MB],
    ]);
  }
  counter(registry, 'refused_reports_total', 'Starts and stops of jobs that were refused.', [
    [refusedReports.starts, { kind: 'start' }],
    [refusedReports.stops, { kind: 'stop' }],
  ]);
  if (upstream !== undefined) {
    gauge(registry, 'upstream_up', 'Whether the cc-backend of GRAPHQL_UPSTREAM answers.', [
      [upstream.state === 'down' ? 0 : 1],
    ]);
    counter(registry, 'upstream_requests_total', 'Questions for the cc-backend of GRAPHQL_UPSTREAM.', [
      [upstream.answered, { outcome: 'answered' }],
      [upstream.failed, { outcome: 'failed' }],
    ]);
  }
  gauge(
    registry,
    'timed_work_end_timestamp_seconds',
    'The last end of each piece of timed work, in Unix seconds.',
    timedWork.flatMap(({ name, endedAt }) => (endedAt === null ? [] : [[endedAt, { name }] as const])),
  );
}

function addDatabase(registry: Registry, { database, archive, bodies, parquet, parent }: SystemState): void {
  const parts: Readonly<Record<string, ProcessesStatus | undefined>> = { database, archive, bodies, parquet };
  const processes = Object.values(parts).flatMap((part) => part?.processes ?? []);
  const byRole = [...Map.groupBy(processes, ({ role }) => role)];
  gauge(registry, 'database_up', 'Whether a process of the database has responded in the last second.', [
    [database.alive ? 1 : 0],
  ]);
  gauge(registry, 'queue_length', 'Requests that wait for a connection to the database.', [[database.queued]]);
  gauge(
    registry,
    'processes',
    'Processes by role.',
    byRole.map(([role, all]) => [all.length, { role }]),
  );
  gauge(
    registry,
    'processes_busy',
    'Processes that work on a task, by role.',
    byRole.map(([role, all]) => [all.filter(({ doing }) => doing !== undefined).length, { role }]),
  );
  gauge(registry, 'process_resident_memory_bytes', 'Resident memory by role; `parent` speaks HTTP.', [
    ...(parent === undefined ? [] : [[parent.rssMb * BYTES_PER_MB, { role: 'parent' }] as const]),
    ...byRole.map(([role, all]) => [all.reduce((sum, { rssMb }) => sum + rssMb, 0) * BYTES_PER_MB, { role }] as const),
  ]);
  counter(
    registry,
    'process_events_total',
    'Time-outs, interrupts, kills, replacements and other events of the processes (docs/operations.md).',
    Object.entries({
      ...parts,
      columns: 'counters' in (database.columns ?? {}) ? database.columns : undefined,
    }).flatMap(([of, part]) =>
      part !== undefined && 'counters' in part
        ? Object.entries(part.counters).map(([event, count]) => [count, { of, event }] as const)
        : [],
    ),
  );
  if (database.logBytes !== undefined) {
    gauge(registry, 'wal_bytes', 'Size of the write-ahead log.', [[database.logBytes]]);
  }
  if (database.replica !== undefined) {
    gauge(registry, 'replica_lag_seconds', 'Age of the last successful sync.', [[database.replica.lagMs / 1000]]);
  }
  addColumnIndex(registry, database.columns);
}

function addColumnIndex(registry: Registry, columns: SystemState['database']['columns']): void {
  if (columns === undefined) return;
  gauge(
    registry,
    'column_index_state',
    'The state of the column index: 1 for the current one.',
    INDEX_STATES.map((state) => [columns.state === state ? 1 : 0, { state }]),
  );
  if (columns.state === 'off') return;
  gauge(registry, 'column_index_rows', 'Jobs in the column index.', [[columns.rows ?? 0]]);
  gauge(registry, 'column_index_odd_jobs', 'Jobs that the column index does not hold.', [[columns.odd?.jobs ?? 0]]);
  counter(registry, 'column_index_questions_total', 'Questions that the index answered, or left to the SQL.', [
    [columns.answers, { outcome: 'answered' }],
    [columns.declined, { outcome: 'declined' }],
  ]);
  counter(registry, 'column_index_builds_total', 'Builds of the column index.', [[columns.builds]]);
  const lanes = Object.entries(columns.lanes);
  gauge(
    registry,
    'column_index_queue_length',
    'Questions that wait for the index, by lane.',
    lanes.map(([lane, { queued }]) => [queued, { lane }]),
  );
  gauge(
    registry,
    'column_index_wait_seconds',
    'How long the last 1,000 questions of a lane waited.',
    lanes.flatMap(([lane, { waitMs }]) =>
      Object.entries(waitMs).map(([figure, ms]) => [ms / 1000, { lane, figure }] as const),
    ),
  );
}

function addClusters(registry: Registry, figures: ClusterFigures | undefined): void {
  gauge(registry, 'cluster_figures_up', 'Whether the figures of the clusters could be read.', [
    [figures === undefined ? 0 : 1],
  ]);
  if (figures === undefined) return;
  const { unended, nodes, waits, top } = figures;
  for (const figure of ['jobs', 'nodes', 'hwthreads', 'accelerators'] as const) {
    gauge(
      registry,
      `unended_${figure}`,
      `${figure === 'jobs' ? 'Jobs' : `Allocated ${figure} of jobs`} that have not ended.`,
      unended.map((row) => [row[figure], { cluster: row.cluster, partition: row.partition, state: row.state }]),
    );
  }
  gauge(
    registry,
    'nodes',
    'Nodes by their last reported state, of the scheduler and of health.',
    nodes.map(({ cluster, state, count }) => [count, { cluster, state }]),
  );
  gauge(
    registry,
    'started_jobs',
    'Jobs that started within the last hour and whose wait is known.',
    waits.map(({ cluster, partition, jobs }) => [jobs, { cluster, partition }]),
  );
  gauge(
    registry,
    'started_jobs_wait_seconds',
    'Percentiles of the wait of jobs that started within the last hour.',
    waits.flatMap(({ cluster, partition, seconds }) =>
      seconds.flatMap(({ p, value }) =>
        value === null ? [] : [[Number(value), { cluster, partition, quantile: String(p / 100) }] as const],
      ),
    ),
  );
  for (const owner of ['user', 'project'] as const) {
    if (top[owner].length === 0) continue;
    gauge(
      registry,
      `top_${owner}_nodes`,
      `Allocated nodes of the ${owner}s with most of them (METRICS_TOP).`,
      top[owner].map(({ name, nodes: allocated }) => [allocated, { [owner]: name }]),
    );
  }
}
