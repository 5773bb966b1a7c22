import { z } from 'zod';
import {
  addressList,
  autoOr,
  base64Key,
  base64Secret,
  databaseUrl,
  ldapAttribute,
  ldapUrl,
  OWN_COOKIES,
  offOr,
  onOff,
  originUrl,
  providerUrl,
  secondsList,
  serverUrl,
  text,
  trustedProxies,
  upstreamUrl,
  wholeNumber,
} from './setting-kinds.ts';

const MAX_MB = 4_194_304; // 4 TB: above any machine, below what would overflow SQLite's 64-bit byte counts

/**
 * The settings of a connection to a local file. All of them are sent to its process, and `src/db/driver/pragmas.ts`
 * applies them.
 */
const OF_CONNECTION = {
  DB_CACHE_SIZE_MB: autoOr(1, MAX_MB).prefault('auto').describe('page cache of each connection (MB)'),
  DB_SOFT_HEAP_LIMIT_MB: autoOr(1, MAX_MB)
    .prefault('auto')
    .describe('SQLite heap of a connection above which its page cache shrinks (MB)'),
  DB_HARD_HEAP_LIMIT_MB: autoOr(8, MAX_MB)
    .prefault('auto')
    .describe('SQLite heap of a connection above which its query fails (MB)'),
};

export type ConnectionSetting = keyof typeof OF_CONNECTION;
export const CONNECTION_SETTINGS = Object.keys(OF_CONNECTION) as ConnectionSetting[];

/**
 * All settings: environment variables on Node, bindings with the same names on a Worker. Defaults are written as a user
 * would write them. docs/settings.md has a row for each setting; a test compares the two.
 */
export const SettingsSchema = z.object({
  HOST: text.default('127.0.0.1').describe('address to listen on'),
  PORT: wholeNumber(0, 65_535).prefault('8080').describe('port to listen on; 0 picks a free port'),
  DB_URL: databaseUrl.default('file:./var/job.db').describe('URL of the job database: file:, http(s): or libsql:'),
  DB_AUTH_TOKEN: text.optional().describe('token for the libSQL server'),
  DB_SYNC_URL: serverUrl.optional().describe('libSQL server to replicate from'),
  DB_SYNC_MS: wholeNumber(100, 10_000).prefault('1000').describe('replica sync interval (ms)'),
  DB_MAX_CONNECTIONS: wholeNumber(1, 64)
    .prefault('4')
    .describe('maximum number of reader processes; the writer is one more'),
  DB_MAX_IDLE_S: wholeNumber(1, 86_400).prefault('600').describe('idle time after which a reader process ends (s)'),
  DB_MEMORY_LIMIT_MB: autoOr(128, MAX_MB).prefault('auto').describe('memory limit of all processes together (MB)'),
  ...OF_CONNECTION,
  DB_QUEUE_LIMIT: wholeNumber(1, 100_000)
    .prefault('256')
    .describe('maximum number of requests waiting for a connection'),
  DB_CALLER_LIMIT: wholeNumber(1, 100_000)
    .prefault('64')
    .describe('maximum number of requests of one caller, waiting and running, while other callers wait'),
  COLUMN_INDEX: z
    .enum(['auto', 'on', 'off'], { error: 'must be auto, on or off' })
    .default('auto')
    .describe('answer statistics from a columnar copy of the job table; auto: if there is enough memory'),
  COLUMN_INDEX_MEMORY_MB: autoOr(600, MAX_MB).prefault('auto').describe('memory of the column index process (MB)'),
  DB_TEMP_DIR: text
    .optional()
    .describe('directory for sorts and temporary tables; default: the directory of the database'),
  REQUEST_TIMEOUT_MS: wholeNumber(10, 600_000)
    .prefault('30000')
    .describe('time limit of a request from its arrival to the response, including waiting (ms)'),
  STREAM_TIMEOUT_S: wholeNumber(1, 86_400).prefault('600').describe('time limit of a streamed response (s)'),
  BODY_LIMIT_MB: wholeNumber(1, 1024)
    .prefault('16')
    .describe('maximum size of a request body (MB); a larger one is refused with 413'),
  AUTH: z.enum(['jwt', 'none'], { error: 'must be jwt or none' }).default('jwt').describe('how callers authenticate'),
  JWT_PUBLIC_KEY: base64Key(32, 'an Ed25519 public key').optional().describe('key that verifies tokens'),
  JWT_PRIVATE_KEY: base64Key(64, 'an Ed25519 private key').optional().describe('key that signs tokens'),
  JWT_VALIDATE_USER: onOff
    .prefault('off')
    .describe('require an account, and take roles and projects from the database'),
  SESSION_KEY: base64Secret(32).optional().describe('key that signs sessions; default: a new random key at each start'),
  SESSION_MAX_AGE_S: wholeNumber(60, 2_592_000).prefault('604800').describe('lifetime of a session (s)'),
  CC_BACKEND_SESSIONS: onOff
    .prefault('off')
    .describe('accept sessions of cc-backend, which needs the same SESSION_KEY'),
  CROSS_LOGIN_JWT_HS512_KEY: base64Secret(32).optional().describe('key that verifies the login tokens of another site'),
  CROSS_LOGIN_JWT_PUBLIC_KEY: base64Key(32, 'an Ed25519 public key')
    .optional()
    .describe('key that verifies the tokens of JWT_TRUSTED_ISSUER in the cookie JWT_COOKIE_NAME'),
  JWT_TRUSTED_ISSUER: text.optional().describe('issuer (iss) of these tokens'),
  JWT_COOKIE_NAME: text
    .regex(/^[\w!#$%&'*.^`|~+-]{1,100}$/, 'must be the name of a cookie')
    .refine((name) => !OWN_COOKIES.has(name), 'must not be a cookie of cc-jobs or cc-backend')
    .optional()
    .describe('cookie in which another site sends a token to /jwt-login'),
  JWT_SYNC_USER: onOff.prefault('off').describe('create an account for a user who logs in with a token'),
  JWT_UPDATE_USER: onOff
    .prefault('off')
    .describe('change the account of a user who logs in with a token to what the token says'),
  PUBLIC_URL: originUrl
    .optional()
    .describe(
      'address at which browsers reach the service, such as https://jobs.example; for single sign-on and cookies',
    ),
  OIDC_PROVIDER: providerUrl.optional().describe('OpenID Connect provider of single sign-on: its URL (issuer)'),
  OID_CLIENT_ID: text.optional().describe('client ID of the service at the provider'),
  OID_CLIENT_SECRET: text
    .optional()
    .describe('client secret of the service at the provider; without one it is a public client'),
  OIDC_USERNAME_CLAIM: text.default('preferred_username').describe('claim of the ID token that has the user name'),
  OIDC_ROLE_CLIENT: text
    .optional()
    .describe(
      'client of the provider whose roles count, in addition to those of the realm; default: OID_CLIENT_ID; *: all clients, as in cc-backend',
    ),
  OIDC_SYNC_USER: onOff.prefault('off').describe('create an account for a user who logs in by single sign-on'),
  OIDC_UPDATE_USER: onOff
    .prefault('off')
    .describe('change the account of a user who logs in by single sign-on to what the provider says'),
  LDAP_URL: ldapUrl.optional().describe('LDAP server whose users log in with the passwords it knows'),
  LDAP_TLS: onOff
    .prefault('on')
    .describe('StartTLS at an ldap:// server; off: passwords are sent unencrypted. ldaps:// always uses TLS'),
  LDAP_CA_FILE: text
    .optional()
    .describe('PEM file of the CA that signed the certificate of the LDAP server; default: the CAs of Node.js'),
  LDAP_USER_BIND: text
    .refine((value) => value.includes('{username}'), 'must contain {username}')
    .optional()
    .describe('DN of a user, such as uid={username},ou=people,dc=example'),
  LDAP_USER_BASE: text.optional().describe('DN below which users are searched'),
  LDAP_USER_FILTER: text.default('(objectClass=posixAccount)').describe('filter of the entries that are users'),
  LDAP_SEARCH_DN: text.optional().describe('DN of the account that searches users'),
  LDAP_ADMIN_PASSWORD: text.optional().describe('password of LDAP_SEARCH_DN'),
  LDAP_UID_ATTR: ldapAttribute.default('uid').describe('attribute that has the user name'),
  LDAP_USERNAME_ATTR: ldapAttribute.default('gecos').describe('attribute that has the full name'),
  LDAP_SYNC_USER: onOff.prefault('off').describe('create an account for a user of the directory who logs in'),
  LDAP_UPDATE_USER: onOff
    .prefault('off')
    .describe('change the full name of an account to that of the directory when its user logs in'),
  LDAP_SYNC_S: offOr(60, 2_592_000)
    .prefault('off')
    .describe('interval at which accounts are created for all users of the directory (s)'),
  LDAP_SYNC_DELETE: onOff
    .prefault('off')
    .describe('delete accounts that are no longer in the directory, at these times'),
  API_ALLOWED_IPS: addressList.prefault('*').describe('client addresses that may use /api; * means all'),
  TRUST_PROXY: trustedProxies(16)
    .prefault('off')
    .describe('number of trusted proxies in front of the service; on means 1'),
  ARCHIVE_PATH: text.default('./var/job-archive').describe('directory of the job archive'),
  FRONTEND_PATH: text
    .optional()
    .describe("directory of cc-backend's built web front end (web/frontend/public), to serve its pages"),
  SHORT_JOB_S: wholeNumber(0, 86_400).prefault('300').describe('duration below which a job counts as short (s)'),
  STOP_SKEW_S: wholeNumber(0, 86_400)
    .prefault('600')
    .describe('how much a stop may lie before its start, as a skew of clocks, and count as 0 s (s)'),
  UNKNOWN_HOST_SUBCLUSTER: text
    .default('off')
    .describe('subcluster of hosts that are in no node list, in clusters that have one of this name; off: refuse them'),
  JOB_CACHE_S: offOr(1, 86_400)
    .prefault('60')
    .describe('poll interval of job_cache, where cc-backend puts new jobs (s)'),
  DURATION_UPDATE_S: offOr(10, 86_400)
    .prefault('300')
    .describe('update interval of the stored duration of running jobs (s)'),
  WALLTIME_GRACE_S: offOr(0, 31_536_000)
    .prefault('off')
    .describe('time past its walltime after which a running job is marked failed (s)'),
  NODESTATE_RETENTION_H: offOr(1, 87_600)
    .prefault('off')
    .describe('age at which node states are deleted, except the newest of each node (h)'),
  ARCHIVE_COMPRESSION_D: offOr(1, 36_500)
    .prefault('off')
    .describe('time since the end of a job after which its metric data in the archive is compressed (days)'),
  ARCHIVE_RETENTION: z
    .enum(['none', 'delete', 'move'], { error: 'must be none, delete or move' })
    .default('none')
    .describe('what happens to old jobs in the archive: they stay, are deleted, or move to ARCHIVE_RETENTION_PATH'),
  ARCHIVE_RETENTION_D: wholeNumber(1, 36_500)
    .optional()
    .describe('time since the end of a job after which ARCHIVE_RETENTION applies to it (days)'),
  ARCHIVE_RETENTION_PATH: text.optional().describe('job archive to which ARCHIVE_RETENTION=move moves jobs'),
  ARCHIVE_RETENTION_DB: onOff
    .prefault('on')
    .describe('ARCHIVE_RETENTION also deletes these jobs from the database; off: they stay there without metric data'),
  ARCHIVE_RETENTION_OMIT_TAGGED: z
    .enum(['none', 'all', 'user'], { error: 'must be none, all or user' })
    .default('none')
    .describe('tagged jobs to which ARCHIVE_RETENTION does not apply: none, all, or those that a user tagged'),
  OPTIMIZE_S: offOr(60, 2_592_000).prefault('86400').describe('interval of PRAGMA optimize (s)'),
  CHECKPOINT_S: offOr(1, 86_400).prefault('300').describe('interval of full WAL checkpoints (s)'),
  QUICK_CHECK_S: offOr(3_600, 31_536_000)
    .prefault('604800')
    .describe('interval of checks of a local file for damaged pages (s)'),
  RESTRICTED_METRICS: z
    .enum(['hide', 'show'], { error: 'must be hide or show' })
    .default('hide')
    .describe('hide metrics marked restrict from users and managers in the API, or show them as cc-backend does'),
  GRAPHQL_MOST_JOBS: wholeNumber(1, 100_000)
    .prefault('10000')
    .describe('maximum number of jobs in a page of /query, also of one that asks for all'),
  METRIC_RESOLUTIONS: secondsList
    .prefault('off')
    .describe(
      'resolutions of metric data in s, separated by commas: /query uses the largest unless asked for another, and the front end offers them; off: as stored',
    ),
  GRAPHQL_UPSTREAM: upstreamUrl
    .optional()
    .describe('URL of a running cc-backend that answers what /query needs a metric store for'),
  GRAPHQL_INTROSPECTION: onOff.prefault('off').describe('let clients of /query ask for its schema'),
  METRICS_TOKEN: text
    .refine((value) => value.length >= 16 && !/\s/.test(value), 'must have 16 characters or more, without spaces')
    .optional()
    .describe('bearer token with which Prometheus may read /metrics'),
  METRICS_ADDRESSES: addressList.optional().describe('addresses that may read /metrics, separated by commas'),
  METRICS_TOP: wholeNumber(0, 100)
    .prefault('0')
    .describe('how many users and projects with most allocated nodes /metrics names; 0: none'),
  LOG_LEVEL: z
    .enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'], {
      error: 'must be fatal, error, warn, info, debug, trace or silent',
    })
    .default('info')
    .describe('lowest level of log lines'),
});

/** The environment or the bindings, as text. */
export type Bindings = z.input<typeof SettingsSchema>;
/** The effective values, frozen. */
export type SettingValues = Readonly<z.output<typeof SettingsSchema>>;
export type SettingName = keyof SettingValues;
export const SETTING_NAMES = Object.keys(SettingsSchema.shape) as SettingName[];
/** Variables or bindings by name. Names that are not settings are ignored. */
export type Given = Readonly<Record<string, string | undefined>>;

/** Settings whose values are never displayed, logged or sent. */
export const SECRETS: ReadonlySet<SettingName> = new Set([
  'DB_AUTH_TOKEN',
  'METRICS_TOKEN',
  'JWT_PRIVATE_KEY',
  'SESSION_KEY',
  'CROSS_LOGIN_JWT_HS512_KEY',
  'OID_CLIENT_SECRET',
  'LDAP_ADMIN_PASSWORD',
]);

/** The file of DB_URL as written there. Undefined if DB_URL names a server. */
export function databaseFile({ DB_URL }: Pick<SettingValues, 'DB_URL'>): string | undefined {
  return DB_URL.startsWith('file:') ? DB_URL.slice('file:'.length).replace(/^\/\/(?=\/)/, '') : undefined;
}

const LOOPBACK = new Set(['127.0.0.1', '::1', 'localhost']);

/** Returns true if the service is reachable only from this machine. */
export function isLoopback({ HOST }: Pick<SettingValues, 'HOST'>): boolean {
  return LOOPBACK.has(HOST);
}
