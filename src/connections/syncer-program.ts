/** The program of the syncer, which brings a replica up to date. A sync cannot be interrupted. */
import { brokenReplica, isBroken, isCompacting, openReplica } from '../db/replica/open-replica.ts';
import { Fault } from '../faults.ts';
import { serveProgram } from '../processes/serve-program.ts';
import { StartupError } from '../startup-error.ts';
import type { SyncerProtocol } from './connection-protocol.ts';

serveProgram<SyncerProtocol>(async (options) => {
  const { path } = options;
  const replica = await openReplica(options).catch((error: unknown) => {
    throw error instanceof StartupError ? error : new StartupError(`${path}: ${String(error)}`);
  });
  return {
    opened: { pragmas: {} },
    calls: { sync: () => replica.sync() },
    faultOf(error) {
      if (isBroken(error)) return new Fault('read_only', brokenReplica(path), { cause: error });
      const why = isCompacting(error) ? 'is compacting its log, and has no snapshot of it yet' : 'cannot be reached';
      return new Fault('remote_unavailable', `the libSQL server of DB_SYNC_URL ${why}`, { cause: error });
    },
  };
});
