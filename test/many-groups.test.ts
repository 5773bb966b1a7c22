/** Answers with tens of thousands of rows that the parent parses leave turns of its event loop to others. */
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { jobs as jobsOf } from './support/column-index.ts';
import { longestShare, type MeasuredService, measuredService } from './support/measured-service.ts';
import { type SharedJobs, sharedJobs } from './support/setups.ts';
import { openSqlite } from './support/sqlite.ts';

const USERS = 50_000;

let jobs: SharedJobs;
beforeAll(async () => {
  jobs = await sharedJobs(10);
  const db = openSqlite(jobs.path, 1_000);
  await db.exec(`${jobsOf(1_000_000, 1_000_000 + USERS - 1, "'u' || x, 10")}
    INSERT INTO hpc_user (username, roles, projects, name)
      SELECT hpc_user, '["user"]', '[]', 'The name of ' || hpc_user FROM job WHERE cluster = 'a';
    PRAGMA wal_checkpoint(TRUNCATE)`);
  db.close();
});
afterAll(() => jobs.remove());

/** The most points of a timeline: 5,000 hours of five groups. */
const TIMELINE = '/api/statistics/timeline?bucket=hour&group-by=user&top=4&range=0-18000000';

interface Body {
  statistics?: unknown[];
  timeline?: unknown[];
  database?: { columns?: { state: string } };
}

async function get({ url, token }: MeasuredService, path: string): Promise<Body> {
  return (await (await fetch(`${url}${path}`, { headers: { 'X-Auth-Token': token } })).json()) as Body;
}

test.each(['off', 'on'])(
  'totals of each user, all accounts, and a timeline, with COLUMN_INDEX=%s',
  async (COLUMN_INDEX) => {
    const service = await measuredService(jobs, { COLUMN_INDEX });
    onTestFinished(() => service.stop());
    const state = async () => (await get(service, '/api/system')).database?.columns?.state ?? 'off';
    await expect.poll(state).toBe(COLUMN_INDEX === 'on' ? 'ready' : 'off');
    for (const [path, least] of [
      ['/api/statistics/jobs?group-by=user', USERS],
      ['/api/users/', USERS],
      [TIMELINE, 25_000],
    ] as const) {
      const share = await longestShare(service, async () => {
        const body = await get(service, path);
        const rows = body.statistics ?? body.timeline ?? body;
        expect(Array.isArray(rows) && rows.length, path).toBeGreaterThanOrEqual(least);
      });
      expect(share, path).toBeLessThan(1);
    }
  },
);
