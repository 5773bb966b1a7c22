/** One line of the code made wrong, and the tests of which at least one must fail then. */
export interface Mutation {
  /** Below src/. */
  file: string;
  /** Occurs once in the file; a part of one line. */
  from: string;
  to: string;
  /** Below test/, without `.test.ts`. */
  tests: readonly string[];
}

export const mutation = (file: string, from: string, to: string, ...tests: string[]): Mutation => ({
  file,
  from,
  to,
  tests,
});
