/** A deliberate error in one line of code. At least one of the tests must fail with it. */
export interface Mutation {
  /** Path below src/. */
  file: string;
  /** Part of one line. It occurs exactly once in the file. */
  from: string;
  to: string;
  /** Paths below test/, without `.test.ts`. */
  tests: readonly string[];
}

export const mutation = (file: string, from: string, to: string, ...tests: string[]): Mutation => ({
  file,
  from,
  to,
  tests,
});
