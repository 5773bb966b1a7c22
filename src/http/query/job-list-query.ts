import { DEFAULT_COLUMNS, exportColumns, KNOWN_COLUMNS } from '../../jobs/export-columns.ts';
import { METRIC } from '../../jobs/fields.ts';
import { DEFAULT_PAGE_SIZE } from '../../jobs/page-sizes.ts';
import { JobFilterQuery } from './job-filter-query.ts';
import { anyTexts, count, once } from './query-parameters.ts';

/** On if present, except for the values false and 0 (contract/rest.md §14). */
const WITH_METADATA = anyTexts()
  .transform((texts) => texts !== undefined && ![texts].flat().some((text) => text === 'false' || text === '0'))
  .openapi({ type: 'string', description: 'include metaData; false and 0 exclude it', example: 'true' });

/** The query of a list of jobs. */
export const JobListQuery = JobFilterQuery.extend({
  page: count(1, 'page number, starting at 1; default 1'),
  'items-per-page': count(DEFAULT_PAGE_SIZE.jobsOfApi, `jobs per page; default ${DEFAULT_PAGE_SIZE.jobsOfApi}`),
  'with-metadata': WITH_METADATA,
});

/** The query of an exported list of jobs. */
export const JobExportQuery = JobFilterQuery.extend({
  page: count(undefined, 'page number, starting at 1; without page and items-per-page: all jobs'),
  'items-per-page': count(undefined, `jobs per page; with page, the default is ${DEFAULT_PAGE_SIZE.jobsOfApi}`),
  columns: once(exportColumns, DEFAULT_COLUMNS, {
    description: `columns, separated by commas: ${KNOWN_COLUMNS.join(', ')}, or ${METRIC} and the key of a footprint; default ${DEFAULT_COLUMNS.join(',')}`,
    example: 'jobId,user,duration,metric.flops_any_avg',
  }),
});
