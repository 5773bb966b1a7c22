/** The questions answered by SQLite, in a connection process as in the service. */
import { JobQuestions } from '../../src/questions/ask.ts';
import { openSqlite } from '../../test/support/sqlite.ts';
import { sqlOf, timed } from './column-index.ts';
import { COVERING, type Question } from './column-questions.ts';
import { percentile } from './table.ts';

/** Medians in ms. */
export async function sqlTimes(
  path: string,
  tempDir: string,
  questions: readonly Question[],
  rounds: number,
): Promise<number[]> {
  const db = await sqlOf(path, tempDir);
  try {
    const medians: number[] = [];
    for (const { question } of questions) {
      const times: number[] = [];
      for (let round = 0; round < rounds; round += 1) times.push(await timed(new JobQuestions(db), question));
      medians.push(percentile(times, 0.5));
    }
    return medians;
  } finally {
    await db.close(1_000);
  }
}

/** Runs `work` while the file has an index that covers all totals. */
export async function withCoveringIndex<Result>(path: string, work: () => Promise<Result>): Promise<Result> {
  await exec(
    path,
    `PRAGMA temp_store = 1; DROP INDEX IF EXISTS bench_covering; CREATE INDEX bench_covering ON ${COVERING}`,
  );
  try {
    return await work();
  } finally {
    await exec(path, 'DROP INDEX bench_covering');
  }
}

async function exec(path: string, sql: string): Promise<void> {
  const driver = openSqlite(path, 5_000);
  try {
    await driver.exec(sql);
  } finally {
    driver.close();
  }
}
