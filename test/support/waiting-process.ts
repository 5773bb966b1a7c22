import { newCounters } from '../../src/processes/counters.ts';
import { ManagedProcess } from '../../src/processes/managed-process.ts';
import type { WaitingProtocol } from '../fixtures/program-that-waits.ts';
import { fixture } from './pool.ts';

/** A process whose calls wait, ready to begin one. */
export async function waiting({ callsAtOnce = 2, growthMb = 500 } = {}) {
  const counters = newCounters();
  const process = new ManagedProcess<WaitingProtocol>({
    ...{ role: 'reader', growthMb, counters, callsAtOnce, open: null },
    program: { file: fixture('program-that-waits'), heapMb: 64, env: {} },
    log: () => {},
    onState: () => {},
  });
  await process.ready;
  return { process, counters };
}
