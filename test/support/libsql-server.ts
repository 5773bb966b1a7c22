import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { type LibsqlServer, startLibsqlServer } from '../../src/dev/servers/libsql-server.ts';
import { testFolder } from './folder.ts';

/** An empty libSQL server, stopped at the end of the test. */
export async function libsqlServer(flags: readonly string[] = []): Promise<LibsqlServer> {
  const server = await startLibsqlServer({ folder: join(testFolder(), 'sqld'), flags });
  onTestFinished(() => server.kill());
  return server;
}
