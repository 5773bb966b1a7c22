import type { Context } from 'hono';
import { columnType, type ExportColumn } from '../../jobs/export-columns.ts';
import { EXPORT_WRITERS, type ExportFormat } from '../../jobs/export-format.ts';
import type { VisibleJobs } from '../../jobs/visibility.ts';
import type { JobsListOptions } from '../../questions/list/batches.ts';
import { type ExportAnswer, exportHeaders } from '../exports/export-answer.ts';
import type { JsonAnswer } from '../json/responses.ts';
import type { AppEnv } from '../service.ts';
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
  { format, columns }: { format: ExportFormat; columns: readonly ExportColumn[] },
): Promise<ExportAnswer> {
  const own = { between: '', headers: exportHeaders('jobs', format), countsRows: true };
  const isText = format !== 'parquet';
  const table = { format: isText ? format : ('ndjson' as const), columns };
  const { head, tail } = EXPORT_WRITERS[table.format];
  const typed = columns.map((name) => ({ name, type: columnType(name) }));
  const frame = isText ? { ...own, head: head(columns), tail } : { ...own, head: '', tail: () => '', parquet: typed };
  return (await listAnswer(c, jobs, { ...options, table }, frame)) as ExportAnswer;
}
