/** The program that answers questions from the column index. Its file needs no close: committed data is on disk. */
import { type RunningCall, serveProgram } from '../processes/program.ts';
import { StartupError } from '../startup-error.ts';
import { declinedOr } from './index-errors.ts';
import type { IndexProtocol } from './index-protocol.ts';
import { shownOdd } from './odd-jobs.ts';
import { IndexSession } from './session.ts';

serveProgram<IndexProtocol>(async (options) => {
  const index = await IndexSession.open(options).catch((error: unknown) => {
    throw new StartupError(`${options.path}: ${String(error)}`);
  });
  let reported: Pick<IndexSession, 'odd' | 'summaries'> = { odd: [], summaries: undefined };
  const report = (call: RunningCall<IndexProtocol>) => {
    const { odd, summaries } = index;
    if (odd === reported.odd && summaries === reported.summaries) return;
    reported = { odd, summaries };
    void call.step({ odd: shownOdd(odd), leftOut: summaries?.leftOut ?? {}, repaired: index.repaired });
  };
  return {
    opened: { pragmas: await index.settings() },
    calls: {
      follow: (_, call) =>
        declinedOr(async () => {
          const rows = await index.follow();
          report(call);
          return { rows };
        }),
      ask: (question, call) =>
        declinedOr(async () => {
          const json = await index.ask(question);
          report(call);
          return json === undefined ? null : Buffer.from(json);
        }),
    },
    interrupt: () => index.interrupt(),
  };
});
