import { readSettings } from '../../src/check-settings.ts';
import { type ConnectionSettings, connectionSettings } from '../../src/connection-settings.ts';

/** Sizes that just suffice for the queries of the tests, and all other settings as they are unless they are set. */
export function testConnection({ cacheMb = 4, softHeapMb = 32, hardHeapMb = 48 } = {}): ConnectionSettings {
  return connectionSettings(readSettings({ AUTH: 'none' }), { cacheMb, softHeapMb, hardHeapMb });
}
