import type { Database } from '../../db/port.ts';
import type { Deadline } from '../../deadline.ts';
import type { VisibleJobs } from '../../jobs/visibility.ts';
import type { JobQuestions } from '../ask.ts';
import { type NamedField, namesFrom } from './sqlite.ts';

export interface NamesAsked {
  field: NamedField;
  prefix: string;
  most: number;
  nowSec: number;
}

/** Returns the first `most` users or projects of the jobs whose names begin with a text, in byte order. */
export async function names(
  { db, questions }: { db: Database; questions: JobQuestions },
  jobs: VisibleJobs,
  { field, prefix, most, nowSec }: NamesAsked,
  deadline: Deadline,
): Promise<string[]> {
  if (jobs.conditions.length === 0) {
    return (await db.read(namesFrom(field, prefix, most), deadline)).map(({ name }) => name);
  }
  const begins = { kind: 'text', field, operator: 'starts-with', values: [prefix] } as const;
  const among = { ...jobs, conditions: [...jobs.conditions, begins] };
  const groups = await questions.statistics(among, { groupBy: [field], nowSec, shortJobSec: 0 }, deadline);
  // The condition ignores the case of A-Z, unlike the index.
  return groups.flatMap(({ id }) => (id.startsWith(prefix) ? [id] : [])).slice(0, most);
}
