/** Limits of the service on Node. */
import { type Mutation, mutation } from './mutation.ts';

export const NODE: readonly Mutation[] = [
  mutation('node/open-files.ts', 'Math.min(MOST_CONNECTIONS, ', 'Math.min(1e9, ', 'node/connections'),
  mutation(
    'node/connections.ts',
    'if (least === undefined) return false;',
    'if (least === undefined) return true;',
    'node/connections',
  ),
  mutation('node/server.ts', 'headersTimeout: HEADERS_LIMIT_MS', 'headersTimeout: 1e9', 'node/connections'),
  mutation('node/shortage.ts', 'if (!isShortage(error))', 'if (isShortage(error))', 'processes/stall'),
  mutation('node/one-at-a-time.ts', 'queue.length < MOST_WAITING', 'queue.length < 1e9', 'node/one-at-a-time'),
  mutation('node/connections.ts', 'if (!isKnown && since < before)', 'if (!isKnown && since < 0)', 'node/connections'),
];
