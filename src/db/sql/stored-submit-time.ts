import { MOST_DIGITS, SUBMIT_TIME_KEY } from '../../jobs/submit-time.ts';

const METADATA = 'CAST(job.meta_data AS TEXT)';
const WRITTEN = `(CASE WHEN json_valid(${METADATA}) THEN CAST(${METADATA} ->> '$.${SUBMIT_TIME_KEY}' AS TEXT) END)`;
const IS_TIME = `length(${WRITTEN}) BETWEEN 1 AND ${MOST_DIGITS} AND ${WRITTEN} NOT GLOB '*[^0-9]*'
  AND CAST(${WRITTEN} AS INTEGER) <= job.start_time`;

/** When the metadata of a row of `job` says that it was submitted; 0 where it does not. The rules of `submitTimeOf`. */
export const SUBMIT_TIME_OF_METADATA = `(CASE WHEN ${IS_TIME} THEN CAST(${WRITTEN} AS INTEGER) ELSE 0 END)`;

/** When a row of `job` says that it was submitted. cc-backend leaves the column 0: its adapter says it in the metadata. */
export const SUBMIT_TIME = `(CASE WHEN CAST(job.submit_time AS INTEGER) > 0 THEN CAST(job.submit_time AS INTEGER)
  ELSE ${SUBMIT_TIME_OF_METADATA} END)`;

/** Seconds from the submission of a row of `job` to its start. NULL if `submitTime` is unknown or later. */
export function waitSince(submitTime: string): string {
  const isKnown = `typeof(job.start_time) = 'integer' AND ${submitTime} BETWEEN 1 AND job.start_time`;
  return `(CASE WHEN ${isKnown} THEN job.start_time - ${submitTime} END)`;
}
