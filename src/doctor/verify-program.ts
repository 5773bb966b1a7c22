/** Reads the whole database of its argument, and prints `{"jobs":N}` or `{"problems":[…]}`. */
import { verify } from '../backup/verify.ts';
import { StartupError } from '../startup-error.ts';

const path = process.argv[2] ?? '';
try {
  const jobs = await verify(path, path, new AbortController().signal);
  process.stdout.write(JSON.stringify({ jobs }));
} catch (error) {
  if (!(error instanceof StartupError)) throw error;
  process.stdout.write(JSON.stringify({ problems: error.problems }));
}
