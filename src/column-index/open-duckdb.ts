import { rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';

export interface DuckDbOptions {
  readonly path: string;
  /** DuckDB's memory_limit in MB. The process takes up to 250 MB more. */
  readonly memoryMb: number;
  /** Sorts and groupings spill to a subfolder of it, at most `spillMb`. */
  readonly tempDir: string;
  readonly spillMb: number;
}

/** More threads do not help on the two or four cores that such a service has to itself. */
const THREADS = 2;

/** Opens a DuckDB file, or creates an empty one. Throws if it is not a DuckDB database or is open elsewhere. */
export async function openDuckDb(options: DuckDbOptions): Promise<DuckDBInstance> {
  const spillPath = join(options.tempDir, `${basename(options.path)}.tmp`);
  const instance = await DuckDBInstance.create(options.path, {
    memory_limit: `${options.memoryMb}MB`,
    threads: String(THREADS),
    // Only this process reads the file, so it may use new formats: texts take a third less space and are searched in
    // half the time.
    storage_compatibility_version: 'latest',
    temp_directory: spillPath,
    max_temp_directory_size: `${options.spillMb}MB`,
    // Pages of ids read two columns. With this optimization DuckDB finds rows first and then scans all blocks for
    // their columns: the first page of 20 M jobs takes 18 ms of CPU instead of 3.
    late_materialization_max_rows: '0',
    // Threads change between queries within a part of the work. Next to a long query a count of 20 M jobs takes 53 ms
    // instead of 70.
    scheduler_process_partial: 'true',
    // When DuckDB frees more than this at once, it returns unused memory to the operating system. With the default of
    // 512 MB it keeps so much that waiting percentiles of 1,500 users bring the process to 590 MB, near the limit at
    // which it is replaced, and with 8 MB totals by node exceeded it once in five. With 2 MB timelines take 10 % longer.
    allocator_bulk_deallocation_flush_threshold: '4MB',
    // Never load extensions from the network.
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
  });
  rmSync(spillPath, { recursive: true, force: true }); // left by a killed process; the file is ours alone now
  return instance;
}
