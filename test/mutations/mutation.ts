/** A deliberate error in one line of code. At least one of the tests must fail with it. */
export interface Mutation {
  /** Path below src/. */
  file: string;
  /** Part of one line. It occurs exactly once in the file. */
  from: string;
  to: string;
  /**
   * Paths below test/, without `.test.ts`. A single one may have a part of the name of a test: `http/auth > no user`.
   * The other tests of that file do not run.
   */
  tests: readonly string[];
}

export const mutation = (file: string, from: string, to: string, ...tests: string[]): Mutation => ({
  file,
  from,
  to,
  tests,
});

/** The file of an entry of `tests`, and the part of the name. */
export function partsOf(test: string): { path: string; name: string | undefined } {
  const [file, name] = test.split(' > ');
  return { path: `test/${file}.test.ts`, name };
}

export function occurrences(text: string, part: string): number {
  return text.split(part).length - 1;
}
