import type { Deadline } from '../../deadline.ts';
import { footprintKeys } from '../../jobs/export-columns.ts';
import { refuseHiddenMetrics } from '../../jobs/hidden-metrics.ts';
import type { VisibleJobs } from '../../jobs/visibility.ts';
import type { QuestionIndex } from '../index-port.ts';
import { type ExportOptions, ExportPart, exportPartQuestion, exportPartsQuestion, startedWithin } from './question.ts';

/** A part of an exported list. */
export interface ExportedPart {
  readonly jobs: VisibleJobs;
  /** Returns its jobs, newest first, as a Parquet file. Undefined if a list must read them. */
  file(deadline: Deadline): Promise<Uint8Array | undefined>;
}

/**
 * Divides a list into parts whose files the index can write, newest first. Undefined if there is no index, or if it
 * lacks a column. Throws `forbidden` for a metric hidden from the caller.
 */
export async function exportedParts(
  index: QuestionIndex | undefined,
  jobs: VisibleJobs,
  options: ExportOptions,
  deadline: Deadline,
): Promise<ExportedPart[] | undefined> {
  refuseHiddenMetrics(jobs.hidden, jobs.conditions, footprintKeys(options.columns));
  const asked = exportPartsQuestion(jobs, options.columns);
  const rows = asked === undefined ? undefined : await index?.ask(asked, deadline);
  return rows?.map((row) => {
    const part = ExportPart.parse(row);
    const question = exportPartQuestion(jobs, options, part);
    return {
      jobs: startedWithin(jobs, part),
      async file(own) {
        const answer = question === undefined ? undefined : await index?.ask(question, own);
        return answer?.[0] as Uint8Array | undefined;
      },
    };
  });
}
