/** The program of the syncer: brings a replica up to date when it is asked to, and answers no query. */

import { brokenReplica, isBroken, isCompacting, openReplica, type Replica } from '../db/replica/open-replica.ts';
import { Fault } from '../faults.ts';
import { faultToMessage } from '../processes/fault-messages.ts';
import { endNow } from '../processes/lifeline.ts';
import { type Asked, send, serveParent } from '../processes/parent.ts';
import { StartupError } from '../startup-error.ts';

let replica: Replica | undefined;
let path = '';

serveParent(receive);

async function receive(message: Asked): Promise<void> {
  switch (message.kind) {
    case 'openReplica':
      path = message.options.path;
      try {
        replica = await openReplica(message.options);
        return send({ kind: 'ready', id: 0, pragmas: {} });
      } catch (error) {
        const { problems, fault } =
          error instanceof StartupError ? error : new StartupError(`${path}: ${String(error)}`);
        return send({ kind: 'refused', id: 0, problems, fault });
      }
    case 'sync':
      try {
        if (replica === undefined) throw new Error('not open');
        return send({ kind: 'synced', id: message.id, ...(await replica.sync()) });
      } catch (error) {
        return send({ kind: 'failed', id: message.id, fault: faultToMessage(faultOf(error)) });
      }
    case 'stop':
      return endNow();
    case 'interrupt': // a sync cannot be interrupted: the service kills the process after its grace
      return;
    default:
      throw new Error(`the syncer was asked for ${message.kind}`);
  }
}

function faultOf(error: unknown): Fault {
  if (isBroken(error)) return new Fault('read_only', brokenReplica(path), { cause: error });
  const why = isCompacting(error) ? 'is compacting its log, and has no snapshot of it yet' : 'cannot be reached';
  return new Fault('remote_unavailable', `the libSQL server of DB_SYNC_URL ${why}`, { cause: error });
}
