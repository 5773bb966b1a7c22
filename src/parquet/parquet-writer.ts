import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Fault } from '../faults.ts';
import type { TableColumn } from '../jobs/export-format.ts';
import { type Counters, newCounters } from '../processes/counters.ts';
import { ManagedProcess } from '../processes/managed-process.ts';
import { watchMemory } from '../processes/memory-watch.ts';
import type { ParquetProtocol } from './parquet-protocol.ts';

export interface ParquetWriterOptions {
  /** The pipes are in a subfolder of it while a file is written. */
  readonly tempDir: string;
  readonly log: { warn(fields: object, message: string): void };
  readonly counters?: Counters;
  /** Called when the process starts, and with undefined when it has ended. */
  readonly onProcess?: (process: ManagedProcess<ParquetProtocol> | undefined) => void;
}

const PROGRAM = join(import.meta.dirname, 'program.ts');
const MEMORY_MB = 96;
/** Beyond its memory at rest: DuckDB's, and the rows and bytes that pass through the process. */
const GROWTH_MB = MEMORY_MB + 32;
/** The most that the process takes: GROWTH_MB, and what it has at rest without pages of files. */
export const PARQUET_PROCESS_MB = GROWTH_MB + 42;
const HEAP_MB = 48;
const CALLS_AT_ONCE = 3;

/**
 * Yields a Parquet file of any size in constant memory. `rows` are lines of NDJSON, in batches of whole lines. DuckDB
 * writes the file in a process of its own, which ends with the loop and when the signal fires. Throws the signal's
 * reason, an error of `rows`, and Faults.
 */
export async function* parquetFile(
  rows: AsyncIterable<Uint8Array>,
  columns: readonly TableColumn[],
  { tempDir, log, counters = newCounters(), onProcess = () => {} }: ParquetWriterOptions,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void, void> {
  signal.throwIfAborted();
  refuseEqualNames(columns);
  const folder = await mkdtemp(join(tempDir, 'cc-jobs-parquet-'));
  const process = new ManagedProcess<ParquetProtocol>({
    role: 'parquet',
    callsAtOnce: CALLS_AT_ONCE,
    growthMb: GROWTH_MB,
    counters,
    log: (fields, message) => log.warn(fields, message),
    onState: () => {},
    program: { file: PROGRAM, heapMb: HEAP_MB, env: {} },
    open: { memoryMb: MEMORY_MB, folder },
  });
  onProcess(process);
  const stopWatching = watchMemory(() => [process], counters);
  let failure: unknown;
  const fail = (error: unknown) => {
    failure ??= error;
    process.stop(); // ends all calls
  };
  const end = () => fail(signal.reason);
  signal.addEventListener('abort', end, { once: true });
  const feed = async () => {
    for await (const batch of rows) await process.run('rows', batch);
    await process.run('rows', null);
  };
  try {
    await process.ready;
    signal.throwIfAborted();
    const all = Promise.all([process.run('write', columns), feed()]);
    all.catch(fail);
    for (;;) {
      const bytes = await process.run('bytes', null);
      if (bytes.byteLength === 0) break; // DuckDB has closed the file: it is complete, or `all` fails
      yield bytes;
    }
    await all;
  } catch (error) {
    throw failure ?? error;
  } finally {
    signal.removeEventListener('abort', end);
    stopWatching();
    process.stop();
    await process.gone;
    onProcess(undefined);
    await rm(folder, { recursive: true, force: true });
  }
}

/** DuckDB ignores the case of names. Throws invalid_request. */
export function refuseEqualNames(columns: readonly TableColumn[]): void {
  if (new Set(columns.map(({ name }) => name.toLowerCase())).size === columns.length) return;
  throw new Fault('invalid_request', 'the columns of a Parquet file must differ in more than the case of letters');
}
