/** The program that builds a column index. An interrupted build leaves no index. */
import { serveProgram } from '../../processes/serve-program.ts';
import { declinedOr } from '../index-errors.ts';
import type { BuildProtocol } from '../index-protocol.ts';
import { NewIndex } from './build-index.ts';

serveProgram<BuildProtocol>(async (options) => {
  const index = await NewIndex.open(options);
  return {
    opened: { pragmas: {} },
    calls: {
      build: (_, call) => declinedOr(async () => ({ rows: await index.build((rows) => void call.step(rows)) })),
    },
    interrupt: () => index.interrupt(),
  };
});
