/** A libSQL server whose files cannot grow: every write to its log fails, as on a full disk. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { migrateRemote } from '../../src/db/remote/migrate-remote.ts';
import { type LibsqlServer, startLibsqlServer } from '../../src/dev/servers/libsql-server.ts';
import { testFolder } from './folder.ts';

export interface SmallDisk extends LibsqlServer {
  fill(): void;
  makeRoom(): void;
}

/** A server with the tables of a job database. */
export async function serverOnSmallDisk(): Promise<SmallDisk> {
  const server = await startLibsqlServer({
    folder: join(testFolder(), 'sqld'),
    // Without the trap, the signal that accompanies the error would end the server.
    through: ['sh', '-c', 'trap "" XFSZ; exec "$0" "$@"'],
  });
  onTestFinished(() => server.kill());
  await migrateRemote(server);
  const limit = (bytes: string) => execFileSync('prlimit', ['--pid', String(server.pid), `--fsize=${bytes}:`]);
  return { ...server, fill: () => limit('1'), makeRoom: () => limit('unlimited') };
}
