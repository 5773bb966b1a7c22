/** The program that parses large request bodies, one at a time, in bounded memory. It cannot be interrupted. */
import { partsOf } from '../http/json/json-body.ts';
import type { LargeBody } from '../http/json/large-bodies.ts';
import { serveProgram } from '../processes/serve-program.ts';

export interface BodiesProtocol {
  readonly options: null;
  readonly calls: { parse: { input: LargeBody; output: unknown } };
  readonly step: never;
}

/**
 * A body from this size on is garbage-collected at once, in 5 to 15 ms after the answer, or before the next body if that
 * is here already. Otherwise its garbage would count as memory of the next body, and three of the largest in a row would
 * exceed the limit.
 */
const COLLECTED_FROM_BYTES = 1024 * 1024;
let isCollected = true;

function collect(): void {
  if (isCollected) return;
  isCollected = true;
  globalThis.gc?.();
}

serveProgram<BodiesProtocol>(async () => ({
  opened: { pragmas: {} },
  calls: {
    async parse(body, call) {
      collect();
      if (body.bytes.byteLength >= COLLECTED_FROM_BYTES) {
        isCollected = false;
        call.afterwards(() => setImmediate(collect));
      }
      return await partsOf(body);
    },
  },
}));
