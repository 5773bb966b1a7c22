import { OpenAPIHono } from '@hono/zod-openapi';
import { requestId } from 'hono/request-id';
import { advice } from '../routes/advice.ts';
import { adminRequests } from '../routes/cc-frontend/admin-requests.ts';
import { monitoring } from '../routes/cc-frontend/monitoring.ts';
import { search } from '../routes/cc-frontend/search-redirect.ts';
import { staticFiles } from '../routes/cc-frontend/static.ts';
import { userRequests } from '../routes/cc-frontend/user-requests.ts';
import { clusters } from '../routes/clusters.ts';
import { count } from '../routes/count.ts';
import { deleteJobs } from '../routes/delete-jobs.ts';
import { editMeta } from '../routes/edit-meta.ts';
import { graphqlFaults, query } from '../routes/graphql.ts';
import { healthz } from '../routes/healthz.ts';
import { histograms } from '../routes/histograms.ts';
import { job } from '../routes/job.ts';
import { jobMetrics } from '../routes/job-metrics.ts';
import { jobs } from '../routes/jobs.ts';
import { nodeStates } from '../routes/node-states.ts';
import { openapi } from '../routes/openapi.ts';
import { assets as assetFiles } from '../routes/pages/assets.ts';
import { exports } from '../routes/pages/exports.ts';
import { jobPage } from '../routes/pages/job-page.ts';
import { jobsList } from '../routes/pages/jobs-page.ts';
import { login } from '../routes/pages/login-page.ts';
import { nodePage } from '../routes/pages/node-page.ts';
import { oidcLogin } from '../routes/pages/oidc-login.ts';
import { overview } from '../routes/pages/overview-page.ts';
import { partitionsPage } from '../routes/pages/partitions-page.ts';
import { reportPage } from '../routes/pages/report-page.ts';
import { savedFiltersPage } from '../routes/pages/saved-filters-page.ts';
import { searchPage } from '../routes/pages/search-page.ts';
import { statisticsPage } from '../routes/pages/statistics-page.ts';
import { systemPage } from '../routes/pages/system-page.ts';
import { timelinePage } from '../routes/pages/timeline-page.ts';
import { unusualPage } from '../routes/pages/unusual-page.ts';
import { usage } from '../routes/pages/user-or-project-page.ts';
import { percentilesOfJobs } from '../routes/percentiles.ts';
import { metrics } from '../routes/prometheus.ts';
import { savedFilters } from '../routes/saved-filters.ts';
import { startJob } from '../routes/start-job.ts';
import { statistics } from '../routes/statistics.ts';
import { statisticsOverview } from '../routes/statistics-overview.ts';
import { stopJob } from '../routes/stop-job.ts';
import { system } from '../routes/system.ts';
import { tags } from '../routes/tags.ts';
import { timeline } from '../routes/timeline.ts';
import { unusedByJobs } from '../routes/unused-hours.ts';
import { unusual } from '../routes/unusual.ts';
import { usedNodesOfJobs } from '../routes/used-nodes.ts';
import { users } from '../routes/users.ts';
import { accessLog } from './http/access-log.ts';
import { Assets } from './http/assets.ts';
import { apiUsers, people, reporters, visitors } from './http/auth/api-access.ts';
import { cors } from './http/auth/cors.ts';
import { refuseCrossSite } from './http/auth/same-origin.ts';
import { securityHeaders } from './http/auth/security-headers.ts';
import { chunkTrailers } from './http/exports/chunk-trailers.ts';
import { answerError } from './http/faults/fault-responses.ts';
import { knownPaths } from './http/faults/known-paths.ts';
import { noteRefused } from './http/jobs/count-refused-reports.ts';
import { compressResponses } from './http/limits/compress-responses.ts';
import { limitUnsentBytes } from './http/limits/limit-unsent-bytes.ts';
import { deadline } from './http/limits/request-deadline.ts';
import { observeRequests } from './http/prometheus/observe-requests.ts';
import type { AppEnv, Service } from './http/service.ts';
import { SharedState } from './http/shared-state.ts';
import { faultPages } from './pages/fault-page.ts';

/** An alias of nodestate that cc-backend's metric store serves, with the token rules of that store. */
const HEALTHCHECK_PATHS = ['/api/healthcheck', '/api/healthcheck/'];

/** The pages that require a login. */
const PAGES = [
  '/',
  '/jobs/*',
  '/statistics',
  '/timeline',
  '/system',
  '/exports/*',
  '/find',
  '/users/*',
  '/projects/*',
  '/nodes/*',
  '/partitions',
  '/report',
  '/saved-filters',
  '/unusual',
];

/** The pages of cc-backend's front end, and what they request. They require a login too. */
const FRONTEND = ['/monitoring/*', '/search', '/config/*', '/frontend/*'];

/**
 * The whole service. It does not depend on the runtime; `service` supplies what differs between runtimes. The
 * middleware runs in the order of a request: assign an id and log, set security headers, match the path, start the
 * deadline, identify the caller.
 *
 * The app is made of the settings and clusters of `service`. After a reload, a new app with the same `shared` takes the
 * new requests, and the old one ends with its last request.
 */
export function createApp(service: Service, shared = new SharedState(service)): OpenAPIHono<AppEnv> {
  const app = new OpenAPIHono<AppEnv>();
  const assets = new Assets(service.assets);
  const upstream = shared.upstreamOf(service);
  const oidcContacts = shared.oidcContactsOf(service);

  app.onError(answerError);
  app.use(requestId());
  app.use(async (c, next) => {
    c.set('service', service);
    c.set('db', service.db);
    c.set('jobs', shared.jobs);
    c.set('partitions', shared.partitions);
    c.set('bodies', shared.bodies);
    c.set('graphqlGate', shared.graphqlGate);
    c.set('held', shared.held);
    c.set('assets', assets);
    c.set('refusals', shared.refusals);
    c.set('refusedReports', shared.refusedReports);
    c.set('upstream', upstream);
    c.set('oidcContacts', oidcContacts);
    c.set('log', service.log.child({ requestId: c.get('requestId') }));
    await next();
    // Last, because a response made without `c` lacks headers set earlier. c.header() would copy the response.
    if (c.get('lacksArchive')) c.res.headers.set('X-Lacks', 'job-archive');
    c.res.headers.set('X-Request-Id', c.get('requestId'));
  });
  app.use('/query', graphqlFaults());
  app.use(accessLog());
  if (service.metrics !== undefined) app.use(observeRequests(service.metrics.observe));
  app.use(cors());
  app.use(securityHeaders());
  if (service.trailers !== undefined) app.use(chunkTrailers());
  if (service.compresses) app.use(compressResponses());
  app.use(faultPages());
  app.use(refuseCrossSite());
  app.use(knownPaths(app));
  app.use(limitUnsentBytes());
  app.use(deadline());
  for (const path of HEALTHCHECK_PATHS) app.use(path, reporters());
  app.use('/api/*', apiUsers({ but: HEALTHCHECK_PATHS }));
  app.use('/userapi/*', people());
  for (const kind of ['start', 'stop'] as const) app.use(`/api/jobs/${kind}_job/*`, noteRefused(kind));

  app.openAPIRegistry.registerComponent('securitySchemes', 'token', {
    type: 'apiKey',
    in: 'header',
    name: 'X-Auth-Token',
    description: 'a JWT signed with Ed25519',
  });
  app.openAPIRegistry.registerComponent('securitySchemes', 'bearer', { type: 'http', scheme: 'bearer' });

  // Fixed paths before paths with a parameter, which would also match them.
  for (const route of [usedNodesOfJobs, clusters, system, users]) app.route('/api', route);
  for (const route of [startJob, stopJob, editMeta, tags, deleteJobs, nodeStates]) app.route('/api', route);
  for (const base of ['/api', '/userapi']) {
    for (const { routes } of [statistics, histograms, percentilesOfJobs, timeline, unusedByJobs])
      app.route(base, routes);
    app.route(base, statisticsOverview);
    app.route(base, advice);
    app.route(base, savedFilters);
    app.route(base, unusual);
    for (const route of [jobs, count, jobMetrics, job]) app.route(base, route);
  }
  for (const route of [healthz, assetFiles, query, login(shared.passwordLogins)]) app.route('/', route);
  if (oidcContacts !== undefined) {
    app.route('/', oidcLogin(service, { gate: shared.oidcGate, contacts: oidcContacts }));
  }
  if (service.metrics !== undefined) app.route('/', metrics(service.metrics));
  const asVisitor = visitors();
  for (const path of PAGES) app.use(path, asVisitor);
  for (const page of [
    overview,
    jobsList,
    jobPage,
    statisticsPage,
    systemPage,
    exports,
    searchPage,
    usage,
    nodePage,
    partitionsPage,
    timelinePage,
    reportPage,
    savedFiltersPage,
    unusualPage,
  ])
    app.route('/', page);
  if (service.frontend !== undefined) {
    app.route('/', staticFiles(service.frontend));
    for (const path of FRONTEND) app.use(path, asVisitor);
    for (const route of [monitoring, search, userRequests, adminRequests]) app.route('/', route);
  }
  app.route('/', openapi(app));
  return app;
}
