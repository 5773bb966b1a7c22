import type { Context } from 'hono';
import { SECRETS, type SettingName, type SettingValues } from '../../settings.ts';
import type { DatabaseStatus, SystemState } from '../../system-state.ts';
import type { AppEnv } from '../env.ts';

/** Returns the settings in force and the state of the service, without secrets. */
export function systemState(c: Context<AppEnv>): SystemState {
  const service = c.get('service');
  const db = c.get('db');
  const refusedReports = c.get('refusedReports');
  const upstream = c.get('upstream');
  const database = db.status();
  return {
    settings: shown(service.settings),
    degraded: degradedReasons(c, database),
    database,
    refusedReports: refusedReports.status(),
    upstream: upstream?.status(),
    ...service.system(),
  };
}

/** Returns the problems that the operator has to check although requests are answered. */
export function degradedReasons(c: Context<AppEnv>, database: DatabaseStatus): readonly string[] {
  return [...(database.degraded ?? []), ...(c.get('service').degraded?.() ?? [])];
}

function shown(settings: SettingValues): SystemState['settings'] {
  const entries = Object.entries(settings) as [SettingName, unknown][];
  return Object.fromEntries(
    entries.map(([name, value]) => [name, SECRETS.has(name) && value !== undefined ? 'set, not shown' : value]),
  ) as SystemState['settings'];
}
