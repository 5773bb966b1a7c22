/**
 * A start that cannot be: a bad setting, a file that is no job database, a folder that is missing. Each problem says what to
 * do about it. The command line prints them all and exits with 2.
 */
export class BadStart extends Error {
  override readonly name = 'BadStart';
  readonly problems: readonly string[];

  constructor(problems: string | readonly string[], options?: ErrorOptions) {
    const all = typeof problems === 'string' ? [problems] : problems;
    super(all.join('\n'), options);
    this.problems = all;
  }
}
