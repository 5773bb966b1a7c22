import type { Transaction } from '../driver/transaction.ts';

export interface DeleteExportedInput {
  /** Job ids as decimal text. */
  ids: readonly string[];
  /** The file that contains these jobs, and its length after they were written. */
  file: { path: string; bytes: number };
}

/** Deletes jobs that were written to a file, and records up to which length the file is valid. */
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

/** Removes the record of a completed file. */
export async function exportEnded(tx: Transaction, { path }: { path: string }): Promise<Record<string, never>> {
  await tx.run('DELETE FROM ccjobs_exports WHERE path = ?', [path]);
  return {};
}
