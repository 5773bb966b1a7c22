import type { Context } from 'hono';
import type { JobsTable } from '../../jobs/export-columns.ts';
import { EXPORT_WRITERS } from '../../jobs/export-format.ts';
import type { VisibleJobs } from '../../jobs/visibility.ts';
import type { JobsListOptions } from '../../questions/list/batches.ts';
import type { AppEnv } from '../env.ts';
import { type ExportAnswer, exportHeaders } from '../exports/export-answer.ts';
import type { JsonAnswer } from '../json/responses.ts';
import { listAnswer } from './jobs-stream.ts';

type ListOptions = Omit<JobsListOptions, 'table'>;

/** Answers with a page of jobs as JSON. */
export async function jobsAnswer(c: Context<AppEnv>, jobs: VisibleJobs, options: ListOptions): Promise<JsonAnswer> {
  if (c.get('service').archive === undefined) c.set('lacksArchive', true);
  const { itemsPerPage, page } = options;
  return (await listAnswer(c, jobs, options, {
    head: '{"jobs":[',
    between: ',\n',
    tail: () => `],"items":${itemsPerPage},"page":${page}}\n`,
    headers: { 'Content-Type': 'application/json' },
    countsRows: false,
  })) as JsonAnswer;
}

/** Answers with a page of jobs as a table. Throws `forbidden` for a column hidden from the caller. */
export async function jobsExport(
  c: Context<AppEnv>,
  jobs: VisibleJobs,
  options: ListOptions,
  table: JobsTable,
): Promise<ExportAnswer> {
  const { head, tail } = EXPORT_WRITERS[table.format];
  return (await listAnswer(
    c,
    jobs,
    { ...options, table },
    { head: head(table.columns), between: '', tail, headers: exportHeaders('jobs', table.format), countsRows: true },
  )) as ExportAnswer;
}
