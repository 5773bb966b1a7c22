import { CONNECTION_SETTINGS, type ConnectionSetting, type SettingValues } from './settings.ts';
import type { ConnectionSizing } from './system-state-types.ts';

/** The settings of a connection, as its process gets them. Sizes are numbers: `auto` has been replaced. */
export type ConnectionSettings = { readonly [Name in ConnectionSetting]: Exclude<SettingValues[Name], 'auto'> };

/** The settings of the service's connections: sizes from the division of the memory, all others as they are set. */
export function connectionSettings(
  settings: Pick<SettingValues, ConnectionSetting>,
  { cacheMb, softHeapMb, hardHeapMb }: Pick<ConnectionSizing, 'cacheMb' | 'softHeapMb' | 'hardHeapMb'>,
): ConnectionSettings {
  const picked = Object.fromEntries(CONNECTION_SETTINGS.map((name) => [name, settings[name]]));
  return {
    ...(picked as typeof settings),
    DB_CACHE_SIZE_MB: cacheMb,
    DB_SOFT_HEAP_LIMIT_MB: softHeapMb,
    DB_HARD_HEAP_LIMIT_MB: hardHeapMb,
  };
}
