import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { jobRows } from '../../../src/db/job-rows.ts';
import { startDeadline } from '../../../src/deadline.ts';
import { generateJobs } from '../../../src/dev/generate-jobs.ts';
import type { Job } from '../../../src/jobs/job.ts';
import { testFolder } from '../../support/folder.ts';
import { localDatabase } from '../../support/local-database.ts';

const jobs = (count: number) => [...generateJobs({ jobs: count, seed: 3, endTime: 1_764_000_000 })];

async function database() {
  const { db, query } = await localDatabase(join(testFolder(), 'job.db'));
  const insert = async (some: readonly Job[]) => {
    const deadline = startDeadline(10_000);
    try {
      return await db.write('insertJobs', jobRows(some), deadline);
    } finally {
      deadline.clear();
    }
  };
  return { insert, query };
}

describe('inserting jobs', () => {
  test('adds each once, in groups and singly', async () => {
    const { insert, query } = await database();
    const some = jobs(57); // two groups of 25 and seven
    expect((await insert(some.slice(0, 30))).inserted).toBe(30);
    expect((await insert(some)).inserted).toBe(27);
    expect((await insert([])).inserted).toBe(0);
    expect(await query('SELECT count(*) AS n FROM job')).toEqual([{ n: 57 }]);
  });

  test('stores text, integers and reals as the schema has them', async () => {
    const { insert, query } = await database();
    const [job] = jobs(1);
    if (job === undefined) throw new Error('no job');
    await insert([
      {
        ...job,
        jobId: 9_007_199_254_740_993n,
        energy: 3,
        metaData: null,
        footprint: null,
        energyFootprint: null,
        submitTime: 5,
      },
    ]);
    expect(
      await query(`SELECT CAST(job_id AS TEXT) AS id, typeof(job_id) AS i, typeof(energy) AS e, typeof(resources) AS r,
        meta_data AS m, footprint AS f, energy_footprint AS ef, submit_time AS s FROM job`),
    ).toEqual([{ id: '9007199254740993', i: 'integer', e: 'real', r: 'text', m: 'null', f: 'null', ef: null, s: 5 }]);
  });

  test('puts tags on jobs, and refuses one that exists in another scope', async () => {
    const { insert, query } = await database();
    const [one, two] = jobs(2).map((job) => ({ ...job, tags: [] }));
    if (one === undefined || two === undefined) throw new Error('no jobs');
    const shared = { type: 'app', name: 'vasp', scope: 'global' };
    expect((await insert([{ ...one, tags: [shared] }])).refusedTags).toEqual([]);
    const mine = { ...shared, scope: 'ann' };
    expect((await insert([{ ...two, tags: [shared, mine] }])).refusedTags).toEqual([mine]);
    expect(await query('SELECT count(*) AS n FROM jobtag')).toEqual([{ n: 2 }]);
    expect(await query('SELECT tag_scope AS s FROM tag')).toEqual([{ s: 'global' }]);
  });
});
