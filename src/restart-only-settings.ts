import { contradictions } from './check-settings.ts';
import { CONNECTION_SETTINGS, type SettingName, type SettingValues } from './settings.ts';
import type { Settings } from './settings-by-deployment.ts';
import { StartupError } from './startup-error.ts';

/**
 * The settings that only a restart changes: of the address, of processes and their memory, of files that stay open, and
 * of what the column index holds. A reload replaces all others.
 */
export const FIXED = [
  'HOST',
  'PORT',
  'DB_URL',
  'DB_AUTH_TOKEN',
  'DB_SYNC_URL',
  'DB_SYNC_MS',
  'DB_MAX_CONNECTIONS',
  'DB_MAX_IDLE_S',
  'DB_MEMORY_LIMIT_MB',
  ...CONNECTION_SETTINGS,
  'DB_QUEUE_LIMIT',
  'DB_CALLER_LIMIT',
  'COLUMN_INDEX',
  'COLUMN_INDEX_MEMORY_MB',
  'DB_TEMP_DIR',
  'REQUEST_TIMEOUT_MS',
  'STREAM_TIMEOUT_S',
  'BODY_LIMIT_MB',
  'AUTH',
  'TRUST_PROXY',
  'ARCHIVE_PATH',
  'ARCHIVE_COMPRESSION_D',
  'ARCHIVE_RETENTION',
  'FRONTEND_PATH',
  'SHORT_JOB_S',
] as const satisfies readonly SettingName[];

/** The settings of what lives as long as the service. Other settings do not fit this type, because they may change. */
export type FixedSettings = Pick<SettingValues, (typeof FIXED)[number]>;

const IS_FIXED: ReadonlySet<SettingName> = new Set(FIXED);

interface Reloaded {
  /** The settings in force from now on. */
  readonly settings: Settings;
  /** The settings with another value than before. */
  readonly changed: readonly SettingName[];
  /** The settings whose new value counts after a restart. */
  readonly restartFor: readonly SettingName[];
}

/**
 * The settings after a reload: fixed ones as they are in `running`, all others as `read`. Throws StartupError if they do
 * not fit together.
 */
export function reloadedSettings(running: Settings, read: Settings): Reloaded {
  const names = Object.keys(read.sources) as SettingName[];
  const differs = names.filter((name) => !isSame(running.values[name], read.values[name]));
  const pick = <Of extends object>(before: Of, after: Of): Of =>
    ({ ...after, ...Object.fromEntries(FIXED.map((name) => [name, (before as Record<string, unknown>)[name]])) }) as Of;
  const values = Object.freeze(pick(running.values, read.values));
  const problems = contradictions(values);
  if (problems.length > 0) throw new StartupError(problems);
  return {
    settings: {
      values,
      sources: pick(running.sources, read.sources),
      notApplied: names.filter((name) => (IS_FIXED.has(name) ? running : read).notApplied.includes(name)),
      remarks: read.remarks ?? [],
    },
    changed: differs.filter((name) => !IS_FIXED.has(name)),
    restartFor: differs.filter((name) => IS_FIXED.has(name)),
  };
}

/** Values are texts, numbers, switches, and lists of them. */
function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
