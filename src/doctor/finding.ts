/** `warning` is what works but may surprise later, `problem` is what does not work. */
export type Verdict = 'ok' | 'warning' | 'problem';

/** What a check has found. */
export interface Finding {
  /** What was checked, such as `memory`. */
  check: string;
  verdict: Verdict;
  /** One sentence for the operator: what is so, and what to do about it. */
  text: string;
}

export const ok = (check: string, text: string): Finding => ({ check, verdict: 'ok', text });
export const warning = (check: string, text: string): Finding => ({ check, verdict: 'warning', text });
export const problem = (check: string, text: string): Finding => ({ check, verdict: 'problem', text });
