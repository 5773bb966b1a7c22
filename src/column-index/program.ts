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
  let reported: IndexSession['odd'] = [];
  const report = (call: RunningCall<IndexProtocol>) => {
    if (index.odd === reported) return;
    reported = index.odd;
    void call.step(shownOdd(reported));
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
