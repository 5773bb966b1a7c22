/** The thread that reads jobs for a build. */
import { serveThread } from '../../processes/message-thread.ts';
import { FootprintKeys } from '../source/footprint-keys.ts';
import { Source } from '../source/indexed-database.ts';
import type { ReaderThreadOptions } from './reader-thread.ts';

const LEAST_ID = -(2n ** 63n);

serveThread(({ path, cacheMb }: ReaderThreadOptions) => {
  const source = new Source(path, cacheMb);
  const keys = new FootprintKeys([]);
  let last = LEAST_ID;
  return async () => {
    const jobs = await source.jobsAfter(last, keys);
    last = jobs.lastId ?? last;
    return jobs;
  };
});
