import type { Context } from 'hono';
import { SECRETS, type SettingName, type SettingValues } from '../../settings.ts';
import type { SystemState } from '../../system-state.ts';
import type { AppEnv } from '../env.ts';

/** What is in force and what runs; secrets are not shown. */
export function systemState(c: Context<AppEnv>): SystemState {
  const { service, db, refusedReports } = c.var;
  return {
    settings: shown(service.settings),
    database: db.status(),
    refusedReports: refusedReports.status(),
    ...service.system(),
  };
}

function shown(settings: SettingValues): SystemState['settings'] {
  const entries = Object.entries(settings) as [SettingName, unknown][];
  return Object.fromEntries(
    entries.map(([name, value]) => [name, SECRETS.has(name) && value !== undefined ? 'set, not shown' : value]),
  ) as SystemState['settings'];
}
