import { refuseAbove } from '../../jobs/input-bounds.ts';
import { OWN_SETTINGS } from '../../jobs/saved-filter.ts';
import type { Transaction } from '../driver/transaction.ts';
import { plainRows } from '../statement.ts';

export interface Setting {
  username: string;
  key: string;
  /** JSON. */
  value: string;
}

/** Stores a setting of a user. `saved` is false if there is no such account. Throws `conflict` for too many settings. */
export async function saveSetting(tx: Transaction, { username, key, value }: Setting): Promise<{ saved: boolean }> {
  const [others] = await tx.read(
    plainRows<{ settings: number }>(
      'settings of a user',
      ['settings'],
      `SELECT count(*) AS settings FROM configuration
       WHERE username = ?1 AND confkey <> ?2 AND substr(confkey, 1, ${OWN_SETTINGS.length}) <> ?3`,
      [username, key, OWN_SETTINGS],
    ),
  );
  refuseAbove('settings', (others?.settings ?? 0) + 1);
  const rows = await tx.run(
    `INSERT INTO configuration (username, confkey, value)
     SELECT ?1, ?2, ?3 WHERE EXISTS (SELECT 1 FROM hpc_user WHERE username = ?1)
     ON CONFLICT (username, confkey) DO UPDATE SET value = excluded.value`,
    [username, key, value],
  );
  return { saved: rows > 0 };
}
