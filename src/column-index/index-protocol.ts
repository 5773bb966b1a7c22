import type { Question } from '../questions/question.ts';
import type { NewIndexOptions } from './build/new-index.ts';
import type { Declined } from './index-errors.ts';
import type { IndexSessionOptions } from './session.ts';

/** The program that answers from an index. */
export interface IndexProtocol {
  readonly options: IndexSessionOptions;
  readonly calls: {
    /** Brings the index up to date. */
    follow: { input: null; output: { rows: number } | Declined };
    /** JSON (answer-json.ts). */
    ask: { input: Question; output: Uint8Array | Declined };
  };
  readonly step: never;
}

/** The program that builds an index. */
export interface BuildProtocol {
  readonly options: NewIndexOptions;
  readonly calls: { build: { input: null; output: { rows: number } | Declined } };
  /** So many jobs so far. */
  readonly step: number;
}
