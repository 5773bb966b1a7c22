/** The program that answers questions from the column index. Its file needs no close: committed data is on disk. */
import { type RunningCall, serveProgram } from '../processes/serve-program.ts';
import { StartupError } from '../startup-error.ts';
import { declinedOr } from './index-errors.ts';
import type { IndexProtocol } from './index-protocol.ts';
import { IndexSession } from './index-session.ts';
import { Interruptible } from './interruptible-call.ts';
import { shownOdd } from './unsupported-jobs.ts';

serveProgram<IndexProtocol>(async (options) => {
  const index = await IndexSession.open(options).catch((error: unknown) => {
    throw new StartupError(`${options.path}: ${String(error)}`);
  });
  let reported: Pick<IndexSession, 'rows' | 'odd' | 'summaries'> = { rows: 0, odd: [], summaries: undefined };
  const report = (call: RunningCall<IndexProtocol>) => {
    const { rows, odd, summaries } = index;
    if (rows === reported.rows && odd === reported.odd && summaries === reported.summaries) return;
    reported = { rows, odd, summaries };
    void call.step({ rows, odd: shownOdd(odd), leftOut: summaries?.leftOut ?? {}, repaired: index.repaired });
  };
  const running = new Map<RunningCall<IndexProtocol>, Interruptible>();
  const declinedOrRun = async <Output>(
    call: RunningCall<IndexProtocol>,
    work: (own: Interruptible) => Promise<Output>,
  ) => {
    const own = new Interruptible();
    running.set(call, own);
    try {
      return await declinedOr(async () => {
        const output = await work(own);
        report(call);
        return output;
      });
    } finally {
      running.delete(call);
    }
  };
  return {
    opened: { pragmas: await index.settings() },
    calls: {
      follow: (_, call) => declinedOrRun(call, async (own) => ({ rows: await index.follow(own) })),
      ask: (question, call) => declinedOrRun(call, async (own) => (await index.ask(question, own)) ?? null),
    },
    interrupt: (call) => running.get(call)?.interrupt(),
  };
});
