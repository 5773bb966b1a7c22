import { gateOf } from '../concurrency-gate.ts';
import { newCounters } from '../processes/counters.ts';
import type { ManagedProcess } from '../processes/managed-process.ts';
import type { ProcessesStatus } from '../system-state-types.ts';
import { JoinedParquet } from './joined-parquet.ts';
import type { ParquetFiles } from './parquet-port.ts';
import type { ParquetProtocol } from './parquet-protocol.ts';
import { PARQUET_PROCESS_MB, parquetFile, refuseEqualNames } from './parquet-writer.ts';

/** Two people may download files, whatever the time that one of them takes. */
const AT_ONCE = 2;
export const PARQUET_MB = AT_ONCE * PARQUET_PROCESS_MB;

export interface ParquetFilesOptions {
  readonly tempDir: string;
  /** Requests that wait for a process. More get `queue_full`. */
  readonly queueLimit: number;
  /** The most that one caller may have waiting while others wait. */
  readonly callerLimit: number;
  readonly log: { warn(fields: object, message: string): void };
}

/** Writes Parquet files for requests, each in a process of its own, and one at a time for each caller. */
export function openParquetFiles({ tempDir, queueLimit, callerLimit, log }: ParquetFilesOptions) {
  const counters = newCounters();
  const processes = new Set<ManagedProcess<ParquetProtocol>>();
  const gate = gateOf({
    mostAtOnce: queueLimit + AT_ONCE,
    width: AT_ONCE,
    callerLimit,
    ofOneCaller: { amongOthers: 1, alone: 1 },
  });
  const files: ParquetFiles = {
    async begin(columns, turn) {
      refuseEqualNames(columns);
      const [begun, ended] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
      gate
        .pass(turn, () => {
          begun.resolve();
          return ended.promise;
        })
        .catch(begun.reject);
      await begun.promise;
      return {
        async *bytes(rows, signal) {
          let own: ManagedProcess<ParquetProtocol> | undefined;
          const onProcess = (process: typeof own) => {
            if (own !== undefined) processes.delete(own);
            if (process !== undefined) processes.add(process);
            own = process;
          };
          yield* parquetFile(rows, columns, { tempDir, log, counters, onProcess }, signal);
        },
        joined: () => new JoinedParquet(),
        close: ended.resolve,
      };
    },
  };
  return {
    files,
    status: (): ProcessesStatus => ({
      processes: [...processes].map((process) => process.status()),
      counters: { ...counters },
    }),
    /** Ends all files that are being written. */
    close(): void {
      for (const process of processes) process.stop();
    },
  };
}
