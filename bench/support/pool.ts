import { dirname } from 'node:path';
import { readSettings } from '../../src/check-settings.ts';
import { connectionSettings } from '../../src/connection-settings.ts';
import { openLocalDatabase } from '../../src/connections/local-database.ts';
import type { Database } from '../../src/db/port.ts';
import { sizeFor, thisMachine } from '../../src/nodejs/memory-sizing.ts';

export const READERS = 4;

/** Opens the pool as the service does, in this process. */
export async function benchPool(path: string): Promise<Database> {
  const settings = readSettings({ AUTH: 'none', DB_MAX_CONNECTIONS: String(READERS) });
  const { connection } = sizeFor(settings, thisMachine());
  return await openLocalDatabase({
    path,
    maxReaders: READERS,
    queueLimit: settings.DB_QUEUE_LIMIT,
    callerLimit: settings.DB_CALLER_LIMIT,
    maxIdleMs: settings.DB_MAX_IDLE_S * 1000,
    tempDir: dirname(path),
    settings: connectionSettings(settings, connection),
    growthMb: connection.growthMb,
    log: { warn: () => {} },
  });
}
