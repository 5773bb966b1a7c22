import type { Transaction } from '../driver/transaction.ts';

export interface DeleteExportedInput {
  /** Decimal text. */
  ids: readonly string[];
  /** The file they stand in, and its length with them. */
  file: { path: string; bytes: number };
}

/** Deletes jobs that have been written to a file, and notes how far that file is good. */
export async function deleteExported(
  tx: Transaction,
  { ids, file }: DeleteExportedInput,
): Promise<{ deleted: number }> {
  await tx.run('INSERT INTO ccjobs_exports (path, bytes) VALUES (?1, ?2) ON CONFLICT (path) DO UPDATE SET bytes = ?2', [
    file.path,
    file.bytes,
  ]);
  return {
    deleted: await tx.runEach(
      'DELETE FROM job WHERE id = ?',
      ids.map((id) => [BigInt(id)]),
    ),
  };
}

/** Forgets a file that is complete. */
export async function exportEnded(tx: Transaction, { path }: { path: string }): Promise<Record<string, never>> {
  await tx.run('DELETE FROM ccjobs_exports WHERE path = ?', [path]);
  return {};
}
