import type { Summaries, SummaryName } from '../questions/summaries/summary-tables.ts';
import type { ColumnIndexStatus } from '../system-state-types.ts';
import type { OddJobs } from './unsupported-jobs.ts';

/** What operators should know about an index that answers. */
export interface IndexReport {
  /** Its jobs after the last question. */
  readonly rows: number;
  readonly odd: OddJobs;
  /** The summaries that are not kept, with the reason. */
  readonly leftOut: Summaries['leftOut'];
  /** The summaries that were built again when the index was opened. */
  readonly repaired: readonly SummaryName[];
}

/** The report as part of the status. Of the others than `rows`, only exceptions are shown. */
export function shownReport({
  rows,
  odd,
  leftOut,
}: IndexReport): Pick<ColumnIndexStatus, 'rows' | 'odd' | 'summariesLeftOut'> {
  return {
    rows,
    ...(odd.jobs > 0 ? { odd } : {}),
    ...(Object.keys(leftOut).length > 0 ? { summariesLeftOut: leftOut } : {}),
  };
}

/** The lines of the log that a report causes after the last one. */
export function newsOf(
  { odd, leftOut, repaired }: IndexReport,
  last: IndexReport | undefined,
): { fields: object; message: string }[] {
  const hasNewLeftOut = Object.keys(leftOut).some((name) => !(name in (last?.leftOut ?? {})));
  return [
    ...(odd.jobs > 0 && (last?.odd.jobs ?? 0) === 0
      ? [{ fields: { odd }, message: 'questions that match some jobs are answered without the column index' }]
      : []),
    ...(hasNewLeftOut ? [{ fields: { leftOut }, message: 'the column index leaves out summaries' }] : []),
    ...(last === undefined && repaired.length > 0
      ? [{ fields: { repaired }, message: 'summaries of the column index did not add up and were built again' }]
      : []),
  ];
}
