/** The program that answers questions from the column index. */
import { serveProgram } from '../processes/program.ts';
import { StartupError } from '../startup-error.ts';
import { declinedOr } from './index-errors.ts';
import type { IndexProtocol } from './index-protocol.ts';
import { IndexSession } from './session.ts';

serveProgram<IndexProtocol>(async (options) => {
  const index = await IndexSession.open(options).catch((error: unknown) => {
    throw new StartupError(`${options.path}: ${String(error)}`);
  });
  return {
    opened: { pragmas: await index.settings() },
    calls: {
      follow: () => declinedOr(async () => ({ rows: await index.follow() })),
      ask: (question) => declinedOr(async () => Buffer.from(await index.ask(question))),
    },
    interrupt: () => index.interrupt(),
  };
  // Its file needs no close: what is committed is there.
});
