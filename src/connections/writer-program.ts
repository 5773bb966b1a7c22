/** The program of the writer. A write is not interrupted: it rolls back when it asks to commit, or is killed. */
import { WriteConnection } from '../db/driver/write-connection.ts';
import { asStartupError } from '../db/startup-errors.ts';
import { serveProgram } from '../processes/serve-program.ts';
import type { WriterProtocol } from './connection-protocol.ts';

serveProgram<WriterProtocol>(async (options) => {
  const writer = await asStartupError(options.path, () => WriteConnection.open(options));
  return {
    opened: { pragmas: writer.pragmas, sqlite: writer.sqlite },
    calls: {
      write: ({ name, input }, call) =>
        writer.write(name, input, {
          givenUp: () => call.isGivenUp(),
          locked: () => void call.step('locked'),
          began: () => void call.step('began'),
          mayCommit: () => call.mayCommit(),
        }),
      maintain: (task) => writer.maintain(task),
    },
    needsReplacement: () => writer.needsReplacement,
    close: () => writer.close(),
  };
});
