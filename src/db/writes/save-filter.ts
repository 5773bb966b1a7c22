import { Fault } from '../../faults.ts';
import { refuseAbove } from '../../jobs/input-bounds.ts';
import { SAVED_FILTER_KEYS } from '../../jobs/saved-filter.ts';
import type { Transaction } from '../driver/transaction.ts';
import { plainRows } from '../statement.ts';

/** `key` and `to` are keys in the table of settings, which savedFilterKey makes. */
interface OfUser {
  username: string;
  key: string;
}

/**
 * Stores a filter. Throws `conflict` if the user has no account, to which the table refers, or too many saved filters, or
 * unless `replaces` one with this key.
 */
export async function saveFilter(
  tx: Transaction,
  { username, key, value, replaces }: OfUser & { value: string; replaces: boolean },
): Promise<void> {
  const others = await keysOf(tx, username, key);
  refuseAbove('savedFilters', others + 1);
  if (!replaces && (await exists(tx, username, key))) throw taken();
  const rows = await tx.run(
    `INSERT INTO configuration (username, confkey, value)
     SELECT ?1, ?2, ?3 WHERE EXISTS (SELECT 1 FROM hpc_user WHERE username = ?1)
     ON CONFLICT (username, confkey) DO UPDATE SET value = excluded.value`,
    [username, key, value],
  );
  if (rows === 0) throw new Fault('conflict', 'only users with an account can save filters');
}

/** Throws not_found, or `conflict` if there is one with the other name. */
export async function renameFilter(tx: Transaction, { username, key, to }: OfUser & { to: string }): Promise<void> {
  if (key !== to && (await exists(tx, username, to))) throw taken();
  const rows = await tx.run('UPDATE configuration SET confkey = ?3 WHERE username = ?1 AND confkey = ?2', [
    username,
    key,
    to,
  ]);
  if (rows === 0) throw missing();
}

/** Throws not_found. */
export async function deleteFilter(tx: Transaction, { username, key }: OfUser): Promise<void> {
  const rows = await tx.run('DELETE FROM configuration WHERE username = ?1 AND confkey = ?2', [username, key]);
  if (rows === 0) throw missing();
}

async function keysOf(tx: Transaction, username: string, but: string): Promise<number> {
  const [row] = await tx.read(
    plainRows<{ filters: number }>(
      'number of saved filters',
      ['filters'],
      'SELECT count(*) AS filters FROM configuration WHERE username = ?1 AND confkey >= ?2 AND confkey < ?3 AND confkey <> ?4',
      [username, ...SAVED_FILTER_KEYS, but],
    ),
  );
  return row?.filters ?? 0;
}

async function exists(tx: Transaction, username: string, key: string): Promise<boolean> {
  const rows = await tx.read(
    plainRows<{ confkey: string }>(
      'saved filter by key',
      ['confkey'],
      'SELECT confkey FROM configuration WHERE username = ?1 AND confkey = ?2',
      [username, key],
    ),
  );
  return rows.length > 0;
}

function taken(): Fault {
  return new Fault('conflict', 'there is a saved filter with this name');
}

function missing(): Fault {
  return new Fault('not_found', 'no saved filter with this name');
}
