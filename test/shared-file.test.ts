/** Programs that share a file with a service lose no acknowledged change, and the file stays intact. */
import { expect, test } from 'vitest';
import { testFolder } from './support/folder.ts';
import { besideService, fileToShare, NEIGHBOURS } from './support/shared-file.ts';
import { race } from './support/wal-race.ts';

/** `npm run bench -- walreset` runs each of these for a minute. */
const SECONDS = 5;

test.each(NEIGHBOURS)('a service and %s on its file lose nothing, whoever is paused', async (neighbour) => {
  const cwd = testFolder();
  await fileToShare(cwd);
  const result = await besideService(cwd, neighbour, SECONDS);
  expect(result.acknowledged, JSON.stringify(result.refused)).toBeGreaterThan(10);
  expect(result).toMatchObject({ lost: 0, undeleted: 0, integrity: ['ok'] });
  if (neighbour !== 'a second service') expect(result.imported).toBeGreaterThan(0);
  // Another writer may hold the lock until the deadline. Nothing else is refused.
  expect(Object.keys(result.refused).filter((code) => code !== 'database_busy')).toEqual([]);
});

test('a commit that races with the checkpoint of another process is kept by the SQLite that writes', async () => {
  const { commits, found, checkpoints, integrity } = await race('node', SECONDS);
  expect({ found, integrity }).toEqual({ found: commits, integrity: ['ok'] });
  expect(Math.min(commits, checkpoints)).toBeGreaterThan(100);
});
