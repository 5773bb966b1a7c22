import type { Context } from 'hono';
import { SECRETS, type SettingName, type SettingValues } from '../settings.ts';
import type { DatabaseStatus, RuntimeState, SignOnStatus, SystemState } from '../system-state-types.ts';
import { SYNC_DIRECTORY } from '../timed/sync-ldap-accounts.ts';
import type { AppEnv } from './service.ts';

/** Gathers the settings in force and the state of the service, without secrets. */
export function systemState(c: Context<AppEnv>): SystemState {
  const service = c.get('service');
  const db = c.get('db');
  const refusedReports = c.get('refusedReports');
  const upstream = c.get('upstream');
  const database = db.status();
  const runtime = service.system();
  return {
    settings: shown(service.settings),
    degraded: degradedReasons(c, database),
    database,
    refusedReports: refusedReports.status(),
    upstream: upstream?.status(),
    signOn: signOnStatus(c, runtime),
    ...runtime,
  };
}

/** Undefined if no other system checks logins. */
function signOnStatus(c: Context<AppEnv>, { timedWork = [] }: RuntimeState): SignOnStatus | undefined {
  const oidc = c.get('oidcContacts')?.status();
  const directory = c.get('service').directory?.status();
  if (oidc === undefined && directory === undefined) return undefined;
  const lastSync = timedWork.find(({ name }) => name === SYNC_DIRECTORY);
  return {
    ...(oidc === undefined ? {} : { oidc }),
    ...(directory === undefined ? {} : { ldap: { ...directory, lastSync } }),
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
