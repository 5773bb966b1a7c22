import { DuckDBInstance } from '@duckdb/node-api';

/** The rows of a Parquet file. 64-bit integers are bigint. */
export async function parquetRows(path: string, query = `FROM '${path}'`): Promise<Record<string, unknown>[]> {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  try {
    return (await connection.runAndReadAll(query)).getRowObjectsJS();
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}
