/**
 * The program of a reader. It loads only libsql, and the writer only node:sqlite, because two SQLite libraries in one
 * process would cancel each other's locks.
 */
import { giveBack } from '../db/driver/driver-values.ts';
import { ReadConnection } from '../db/driver/read-connection.ts';
import { asStartupError } from '../db/startup-errors.ts';
import { ResponseByteGc } from '../processes/response-byte-gc.ts';
import { serveProgram } from '../processes/serve-program.ts';
import type { ReaderProtocol } from './connection-protocol.ts';

const passing = new ResponseByteGc();

serveProgram<ReaderProtocol>(async (options) => {
  const reader = await asStartupError(options.path, () => ReadConnection.open(options));
  return {
    opened: { pragmas: reader.pragmas, sqlite: await reader.sqliteVersion() },
    calls: {
      async query({ sql, parameters }, call) {
        const answer = await reader.query(sql, parameters);
        call.afterwards(() => {
          passing.passed(answer.json.byteLength);
          giveBack(answer.json);
        });
        return answer;
      },
    },
    interrupt: () => reader.interrupt(),
    needsReplacement: () => reader.needsReplacement,
    close: () => reader.close(),
  };
});
