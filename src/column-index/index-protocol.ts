import type { Question } from '../questions/index-question.ts';
import type { NewIndexOptions } from './build/build-index.ts';
import type { Declined } from './index-errors.ts';
import type { IndexReport } from './index-report.ts';
import type { IndexSessionOptions } from './index-session.ts';

/** The program that answers questions from an index. */
export interface IndexProtocol {
  readonly options: IndexSessionOptions;
  readonly calls: {
    /** Brings the index up to date. */
    follow: { input: null; output: { rows: number } | Declined };
    /** Returns JSON (answer-json.ts) or a Parquet file, or null if the question matches a job that the index does not hold. */
    ask: { input: Question; output: Uint8Array | Declined | null };
  };
  /** Sent when it has changed. */
  readonly step: IndexReport;
}

/** The program that builds an index. */
export interface BuildProtocol {
  readonly options: NewIndexOptions;
  readonly calls: { build: { input: null; output: { rows: number } | Declined } };
  /** The number of jobs read so far. */
  readonly step: number;
}
