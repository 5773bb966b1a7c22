/** Import for its effect: failures of fast-check show the beginning of a counterexample, and the error itself. */
import fc from 'fast-check';

/** A counterexample of random jobs may have 100,000 characters. The seed and the path of the message repeat it. */
const MOST_CHARACTERS = 2_000;

fc.configureGlobal({
  ...fc.readConfigureGlobal(),
  reporter(details: fc.RunDetails<unknown>) {
    const message = fc.defaultReportMessage(details);
    if (message === undefined) return;
    const [, before = message, counterexample = '', after = ''] =
      /^(.*?\nCounterexample: )(.*)(\nShrunk .*)$/s.exec(message) ?? [];
    const more = counterexample.length - MOST_CHARACTERS;
    const shown =
      more > 0 ? `${counterexample.slice(0, MOST_CHARACTERS)} … and ${more} characters more` : counterexample;
    throw new Error(`${before}${shown}${after}`, {
      cause: 'errorInstance' in details ? details.errorInstance : undefined,
    });
  },
});
