/** Limits of the service on Node. */
import { type Mutation, mutation } from './mutation.ts';

export const NODE: readonly Mutation[] = [
  mutation(
    'node/open-files.ts',
    'Math.min(MOST_CONNECTIONS, ',
    'Math.min(1e9, ',
    'node/connections > the bound leaves files',
  ),
  mutation(
    'node/connections.ts',
    'if (least === undefined) return false;',
    'if (least === undefined) return true;',
    'node/connections',
  ),
  mutation('node/server.ts', 'headersTimeout: HEADERS_LIMIT_MS', 'headersTimeout: 1e9', 'node/connections'),
  mutation('node/survive-shortages.ts', 'if (!isShortage(error))', 'if (isShortage(error))', 'processes/stall'),
  mutation('node/in-turns.ts', 'setImmediate(startNext);\n      start?', 'startNext();\n      start?', 'node/in-turns'),
  mutation('node/in-turns.ts', 'waiting.delete(address);', '', 'node/in-turns'),
  mutation('node/in-turns.ts', 'if (!incoming.socket.destroyed) ', '', 'node/in-turns'),
  mutation(
    'node/query-lines.ts',
    'if (line.waiting.delete(start)) return;',
    'line.waiting.delete(start);',
    'node/query-lines',
  ),
  mutation(
    'node/query-lines.ts',
    'else if (line.started === 0) lines.delete(sender);',
    'lines.delete(sender);',
    'node/query-lines',
  ),
  mutation('http/limits/deadline.ts', ', arrivedAt?.(c)', '', 'http/deadline'),
  mutation('node/one-at-a-time.ts', 'queue.length < MOST_WAITING', 'queue.length < 1e9', 'node/one-at-a-time'),
  mutation('node/server.ts', 'maxHeaderSize: MAX_HEADER_BYTES', 'maxHeaderSize: 1e6', 'http/broken-requests'),
  mutation('node/bodies.ts', 'max: 1,', 'max: 9,', 'node/bodies > a caller beyond its share'),
  mutation(
    'node/bodies.ts',
    "flags: ['--expose-gc']",
    'flags: []',
    'node/bodies > the process starts with the first body',
  ),
  mutation('node/bodies-program.ts', 'setImmediate(collect)', '{}', 'node/bodies > what a body of a megabyte leaves'),
  mutation(
    'node/database.ts',
    '(mode & OTHERS_READ) === 0',
    'mode > 0',
    'cli/file-modes > a database whose group may write',
  ),
  mutation(
    'node/database.ts',
    'await checkTempDir(resolve(DB_TEMP_DIR));',
    '',
    'cli/refused-start > with a DB_TEMP_DIR',
  ),
  mutation('node/memory-history.ts', 'if (this.#samples.length > KEPT)', 'if (KEPT < 0)', 'node/memory-history'),
  mutation('node/password-thread.ts', '=> void end(), longestMs)', '=> {}, longestMs)', 'node/password-thread'),
  mutation('node/frontend-folder.ts', 'if (missing.length > 0)', 'if (missing.length > 99)', 'frontend/files'),
  mutation('node/log-ring.ts', ' || this.#characters > MOST_CHARACTERS', '', 'node/log-ring'),
  mutation('node/stderr-lines.ts', ' | constants.O_NONBLOCK', '', 'cli/serve > goes on while nobody reads the pipe'),
  mutation(
    'node/connections.ts',
    'if (!isKnown && since < before)',
    'if (!isKnown && since < 0)',
    'node/connections > a stranger whose request does not end',
  ),
];
