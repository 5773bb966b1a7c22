import type { Transaction } from '../driver/transaction.ts';
import { SUBMIT_TIME_OF_METADATA } from '../sql/stored-submit-time.ts';
import { plainRows } from '../statement.ts';

export interface FillOutput {
  /** Jobs that have got a submit time. */
  changed: number;
  /** Database id of the last one that was looked at, as decimal text; undefined when there are no more. */
  last: string | undefined;
}

/** Stores the submit times of jobs that have one in their metadata alone, some at a time by database id. */
export async function fillSubmitTimes(
  tx: Transaction,
  { after, limit }: { after: string | undefined; limit: number },
): Promise<FillOutput> {
  const place =
    after === undefined ? { sql: '', parameters: [] } : { sql: 'WHERE id > ?', parameters: [BigInt(after)] };
  const [row] = await tx.read(
    plainRows<{ last: string | null }>(
      'nextIds',
      ['last'],
      `SELECT CAST(max(id) AS TEXT) AS last FROM (SELECT id FROM job ${place.sql} ORDER BY id LIMIT ?)`,
      [...place.parameters, limit],
    ),
  );
  const last = row?.last ?? undefined;
  if (last === undefined) return { changed: 0, last };
  const from = after === undefined ? { sql: '', parameters: [] } : { sql: 'AND id > ?', parameters: [BigInt(after)] };
  const changed = await tx.run(
    `UPDATE job SET submit_time = ${SUBMIT_TIME_OF_METADATA}
     WHERE id <= ? ${from.sql} AND submit_time = 0 AND ${SUBMIT_TIME_OF_METADATA} > 0`,
    [BigInt(last), ...from.parameters],
  );
  return { changed, last };
}
