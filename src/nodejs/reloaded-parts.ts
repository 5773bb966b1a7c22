import { resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { checkTarget } from '../archive/upkeep.ts';
import { readClusterFiles } from '../archive/version-and-clusters.ts';
import type { Clusters } from '../clusters/clusters.ts';
import type { Database } from '../db/port.ts';
import type { ServiceMetrics } from '../http/prometheus/prometheus-port.ts';
import { hasScrapers } from '../http/prometheus/scrape-access.ts';
import type { Log } from '../log.ts';
import { reloadedSettings } from '../restart-only-settings.ts';
import type { SettingValues } from '../settings.ts';
import type { Settings } from '../settings-by-deployment.ts';
import { type ClusterFiles, clustersOf } from './cluster-files.ts';
import type { LdapDirectory } from './ldap-directory.ts';

/** What a reload replaces. Everything else lives as long as the service. */
export interface Reloadable {
  readonly settings: Settings;
  readonly clusters: Clusters;
  /** Undefined without LDAP_URL. */
  readonly directory: LdapDirectory | undefined;
  /** Undefined if /metrics is not served. */
  readonly metrics: ServiceMetrics | undefined;
}

/** What has been read and checked at the start, before the database is open. */
export interface Prepared extends Pick<Reloadable, 'settings' | 'directory'> {
  readonly clusterFiles: ClusterFiles;
}

export interface Place {
  readonly db: Database;
  readonly archiveRoot: string;
  readonly log: Log;
}

/**
 * Reads what the settings name, without a change to anything. `before` is what has been in force until now. Throws
 * StartupError.
 */
export async function prepare(settings: Settings, archiveRoot: string, before?: Reloadable): Promise<Prepared> {
  const clusterFiles = await readClusterFiles(archiveRoot);
  const { ARCHIVE_RETENTION: retention, ARCHIVE_RETENTION_PATH: target } = settings.values;
  if (retention === 'move' && target !== undefined) await checkTarget(archiveRoot, resolve(target));
  return { settings, clusterFiles, directory: await directoryOf(settings.values, before) };
}

export async function completed(
  { settings, directory, clusterFiles }: Prepared,
  { db, log }: Pick<Place, 'db' | 'log'>,
  before?: Reloadable,
): Promise<Reloadable> {
  const clusters = await clustersOf(clusterFiles, db, log);
  const metrics = await metricsFor(settings.values, before?.metrics);
  return { settings, directory, clusters, metrics };
}

export interface Change {
  readonly next: Reloadable;
  /** Names of settings, and `clusters`. */
  readonly changed: readonly string[];
  readonly restartFor: readonly string[];
}

/** What replaces `before` if these settings are read now. Throws StartupError if something is not valid. */
export async function reloaded(before: Reloadable, read: Settings, place: Place): Promise<Change> {
  const { settings, changed, restartFor } = reloadedSettings(before.settings, read);
  const next = await completed(await prepare(settings, place.archiveRoot, before), place, before);
  const hasSameClusters = isDeepStrictEqual(next.clusters.list, before.clusters.list);
  return { next, changed: hasSameClusters ? changed : [...changed, 'clusters'], restartFor };
}

/** The library is only loaded with LDAP_URL. Throws StartupError. */
async function directoryOf(
  settings: SettingValues,
  before: Reloadable | undefined,
): Promise<LdapDirectory | undefined> {
  if (settings.LDAP_URL === undefined) return undefined;
  const { openLdapDirectory } = await import('./ldap-directory.ts');
  const isSame = before?.settings.values.LDAP_URL === settings.LDAP_URL;
  return await openLdapDirectory(settings, isSame ? before?.directory?.contact : undefined);
}

/** The library is only loaded if the metrics are served. Counters go on after a reload. */
async function metricsFor(settings: SettingValues, before: ServiceMetrics | undefined) {
  if (!hasScrapers(settings)) return undefined;
  if (before !== undefined) return before;
  const { serviceMetrics } = await import('./prometheus.ts');
  return serviceMetrics();
}

/** Warns of settings that are valid and probably not what the operator wants. */
export function warnOf({ values, notApplied, remarks = [] }: Settings, log: Pick<Log, 'warn'>): void {
  for (const remark of remarks) log.warn({}, remark);
  if (notApplied.length > 0) {
    log.warn({ settings: notApplied }, 'settings ignored by this deployment: see docs/settings.md');
  }
  if (values.LDAP_URL?.startsWith('ldap:') && !values.LDAP_TLS) {
    log.warn({ server: values.LDAP_URL }, 'LDAP_TLS is off: passwords are sent to the directory unencrypted');
  }
}
