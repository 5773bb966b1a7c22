/** The program that writes one Parquet file. Rows and file pass through pipes, so that their size does not matter. */
import { type FileHandle, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { Fault } from '../faults.ts';
import type { TableColumn } from '../jobs/export-format.ts';
import { makeNamedPipe } from '../processes/named-pipe.ts';
import { serveProgram } from '../processes/serve-program.ts';
import { PARQUET_TYPES, parquetFormat } from '../questions/parquet-format.ts';
import type { ParquetProtocol } from './parquet-protocol.ts';

/** Rows of a row group. DuckDB holds one in memory: 122,880 rows, its default, take 50 MB more. */
const ROW_GROUP_ROWS = 20_480;
/** Maximum size of a row as JSON. Lines of 16 MB would take 75 MB more. */
const LINE_BYTES = 4_000_000;
const CHUNK_BYTES = 256 * 1024;

serveProgram<ParquetProtocol>(async ({ memoryMb, folder }) => {
  const rowsPath = join(folder, 'rows');
  const filePath = join(folder, 'file');
  makeNamedPipe(rowsPath);
  makeNamedPipe(filePath);
  const instance = await DuckDBInstance.create(':memory:', {
    memory_limit: `${memoryMb}MB`,
    threads: '1',
    temp_directory: '',
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
  });
  const connection = await instance.connect();
  let rows: Promise<FileHandle> | undefined;
  let file: Promise<FileHandle> | undefined;
  return {
    opened: { pragmas: {} },
    faultOf,
    calls: {
      async write(columns) {
        await connection.run(copy(columns, rowsPath, filePath));
        return null;
      },
      async rows(lines) {
        rows ??= openPipe(rowsPath, 'w');
        if (lines === null) await (await rows).close();
        else await (await rows).appendFile(lines).catch(exceptClosed);
        return null;
      },
      async bytes() {
        file ??= openPipe(filePath, 'r');
        const { buffer, bytesRead } = await (await file).read(Buffer.allocUnsafe(CHUNK_BYTES));
        return buffer.subarray(0, bytesRead);
      },
    },
  };
});

function faultOf(cause: unknown): Fault {
  const isTooLarge = /out of memory|maximum line size/i.test(String(cause));
  return isTooLarge
    ? new Fault('memory_limit_exceeded', 'a row is too large for Parquet: use another format', { cause })
    : new Fault('internal', 'the Parquet file could not be written', { cause });
}

/** Waits until DuckDB opens the other end. Nothing needs the name then. */
async function openPipe(path: string, flags: 'r' | 'w'): Promise<FileHandle> {
  const pipe = await open(path, flags);
  await rm(path);
  return pipe;
}

/** DuckDB closes its end only after an error, which `write` throws. */
function exceptClosed(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
}

/**
 * DuckDB's reader of JSON keeps all that it has read from a pipe. That of CSV does not, and reads each line as a text of
 * one column: no byte of NDJSON is \x01.
 */
function copy(columns: readonly TableColumn[], from: string, to: string): string {
  const lines = `read_csv(${quoted(from)}, columns = {'line': 'VARCHAR'}, header = false, auto_detect = false,
    delim = ${quoted('\x01')}, quote = '', escape = '', max_line_size = ${LINE_BYTES}, buffer_size = ${2 * LINE_BYTES})`;
  const structure = JSON.stringify(Object.fromEntries(columns.map(({ name, type }) => [name, PARQUET_TYPES[type]])));
  return `COPY (SELECT unnest(from_json_strict(line, ${quoted(structure)})) FROM ${lines})
    TO ${quoted(to)} ${parquetFormat(ROW_GROUP_ROWS)}`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
