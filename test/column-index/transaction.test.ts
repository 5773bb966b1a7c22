/** An interrupted transaction of the index is over afterwards, whatever the moment of the interrupt. */
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { IndexFile } from '../../src/column-index/duckdb-file.ts';
import { testFolder } from '../support/folder.ts';

const ROUNDS = 60;

test('the next statement is answered, however the interrupts and the rollback meet', async () => {
  const folder = testFolder();
  const file = await IndexFile.open({
    path: join(folder, 'x.columns'),
    memoryMb: 128,
    tempDir: folder,
    spillMb: 64,
    shortJobSec: 300,
  });
  onTestFinished(() => file.close());
  await file.run('CREATE TABLE t (x BIGINT)');
  let interrupted = 0;
  for (let round = 0; round < ROUNDS; round++) {
    let running = true;
    // Repeated at the shortest interval for as long as the request runs, as its program does.
    const again = () => {
      if (!running) return;
      file.interrupt();
      setImmediate(again);
    };
    const work = file.transaction(async () => {
      await file.run(`INSERT INTO t SELECT * FROM range(${50_000 + round})`);
      await file.run('DELETE FROM t WHERE x % 2 = 0');
    });
    setTimeout(again, round % 7);
    await work.catch((error: unknown) => {
      expect(String(error)).toMatch(/interrupt/i);
      interrupted += 1;
    });
    running = false;
    expect(await file.rows({ sql: 'SELECT 1 AS one', parameters: [] }), `round ${round}`).toEqual([{ one: 1 }]);
  }
  expect(interrupted).toBeGreaterThan(0);
});
