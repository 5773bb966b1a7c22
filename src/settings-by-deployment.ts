/** The settings of a service on Node and in a Worker: where they come from, and which of them have an effect there. */

import { readSettings } from './check-settings.ts';
import { type EnvFile, envFileRemarks } from './env-file-remarks.ts';
import {
  CONNECTION_SETTINGS,
  databaseFile,
  type Given,
  SETTING_NAMES,
  type SettingName,
  type SettingValues,
} from './settings.ts';
import { StartupError } from './startup-error.ts';

/** The kind of database, as far as the settings distinguish it. */
export type DatabaseKind = 'file' | 'replica' | 'server' | 'worker';

export function databaseKind(settings: Pick<SettingValues, 'DB_URL' | 'DB_SYNC_URL'>): Exclude<DatabaseKind, 'worker'> {
  if (databaseFile(settings) === undefined) return 'server';
  return settings.DB_SYNC_URL === undefined ? 'file' : 'replica';
}

/** Settings for local files. A libSQL server rejects these pragmas from clients and maintains its own file. */
const OF_LOCAL_FILES: readonly SettingName[] = [
  'DB_SYNC_URL',
  'DB_SYNC_MS',
  'DB_MAX_CONNECTIONS',
  'DB_MAX_IDLE_S',
  ...CONNECTION_SETTINGS,
  'COLUMN_INDEX',
  'COLUMN_INDEX_MEMORY_MB',
  'DB_TEMP_DIR',
  'OPTIMIZE_S',
  'CHECKPOINT_S',
  'QUICK_CHECK_S',
];

/** Settings of the directory. A Worker cannot speak LDAP. */
const OF_LDAP: readonly SettingName[] = [
  'LDAP_URL',
  'LDAP_TLS',
  'LDAP_CA_FILE',
  'LDAP_USER_BIND',
  'LDAP_USER_BASE',
  'LDAP_USER_FILTER',
  'LDAP_SEARCH_DN',
  'LDAP_ADMIN_PASSWORD',
  'LDAP_UID_ATTR',
  'LDAP_USERNAME_ATTR',
  'LDAP_SYNC_USER',
  'LDAP_UPDATE_USER',
  'LDAP_SYNC_S',
  'LDAP_SYNC_DELETE',
];

/** Settings of work on the files of the archive, which a Worker does not have. */
const OF_ARCHIVE: readonly SettingName[] = [
  'ARCHIVE_COMPRESSION_D',
  'ARCHIVE_RETENTION',
  'ARCHIVE_RETENTION_D',
  'ARCHIVE_RETENTION_PATH',
  'ARCHIVE_RETENTION_DB',
  'ARCHIVE_RETENTION_OMIT_TAGGED',
];

/**
 * Settings that have the same value in every Worker. A body may have BODY_LIMIT_MB there, as on Node; what all bodies of
 * an isolate may take together is in `src/http/limits/body-budget.ts`.
 */
const IN_WORKER = {
  // Clients can send forwarded headers to a Worker. The runtime's own header has the address of the client.
  TRUST_PROXY: false,
} as const satisfies Partial<SettingValues>;

/** Settings without effect. A Worker does not listen, has no processes or disk, and its isolates share no limits. */
const IDLE: Readonly<Record<DatabaseKind, readonly SettingName[]>> = {
  file: ['DB_AUTH_TOKEN', 'DB_SYNC_MS'],
  replica: ['COLUMN_INDEX', 'COLUMN_INDEX_MEMORY_MB', 'OPTIMIZE_S', 'CHECKPOINT_S', 'QUICK_CHECK_S'],
  server: OF_LOCAL_FILES,
  worker: [
    ...OF_LOCAL_FILES,
    'HOST',
    'PORT',
    'DB_MEMORY_LIMIT_MB',
    'DB_QUEUE_LIMIT',
    'DB_CALLER_LIMIT',
    ...OF_LDAP,
    ...(Object.keys(IN_WORKER) as (keyof typeof IN_WORKER)[]),
    'ARCHIVE_PATH',
    ...OF_ARCHIVE,
    'FRONTEND_PATH',
    'METRIC_RESOLUTIONS',
    'METRICS_TOKEN',
    'METRICS_ADDRESSES',
    'METRICS_TOP',
  ],
};

/** The settings that were given but have no effect here, in the order of the table. */
export function notApplied(given: Given, kind: DatabaseKind): SettingName[] {
  return SETTING_NAMES.filter((name) => IDLE[kind].includes(name) && given[name] !== undefined);
}

/** The variables of a process. */
export interface Environment {
  /** Includes the variables of `.env` in the working directory. */
  readonly env: Given;
  /** The names that are only in `.env`. */
  readonly fromFile?: ReadonlySet<string>;
  readonly envFile?: EnvFile;
}

export type SettingSource = 'environment' | '.env' | 'command' | 'binding' | 'default';

/** The settings of a service. */
export interface Settings {
  readonly values: SettingValues;
  /** The source of each value. */
  readonly sources: Readonly<Record<SettingName, SettingSource>>;
  /** Settings that were given but have no effect in this deployment. */
  readonly notApplied: readonly SettingName[];
  /** What is odd about the names in `.env`. */
  readonly remarks?: readonly string[];
}

/** The settings of a service on Node. Settings of the command override the environment. Throws StartupError. */
export function settingsOnNode({ env, fromFile, envFile }: Environment, ofCommand: Given = {}): Settings {
  const given = { ...env, ...ofCommand };
  const values = readSettings(given);
  return {
    values,
    sources: sourcesOf(given, (name) => {
      if (name in ofCommand) return 'command';
      return fromFile?.has(name) ? '.env' : 'environment';
    }),
    notApplied: notApplied(given, databaseKind(values)),
    remarks: envFile === undefined ? [] : envFileRemarks(envFile),
  };
}

/** The settings of a Worker. Throws StartupError. */
export function settingsInWorker(given: Given): Settings {
  const values = Object.freeze({ ...readSettings(given), ...IN_WORKER });
  if (databaseFile(values) !== undefined) {
    throw new StartupError('DB_URL must begin with http://, https:// or libsql:// in a Worker');
  }
  return { values, sources: sourcesOf(given, () => 'binding'), notApplied: notApplied(given, 'worker') };
}

function sourcesOf(given: Given, sourceOf: (name: SettingName) => SettingSource): Settings['sources'] {
  const entries = SETTING_NAMES.map((name) => [name, given[name] === undefined ? 'default' : sourceOf(name)]);
  return Object.fromEntries(entries) as Settings['sources'];
}
