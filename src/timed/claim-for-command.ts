import type { Database } from '../db/port.ts';
import { within } from '../deadline.ts';

/** A command that has not renewed its claim for this long is taken for dead. */
const ALIVE_SEC = 120;
const RENEW_MS = 30_000;
const STEP_LIMIT_MS = 60_000;

/**
 * Does work that timed work does too, for a command: claims its name in the database, so that no service and no other
 * command does it at the same time, and records the result. Undefined if one does it now, or was killed less than
 * ALIVE_SEC ago.
 */
export async function asTimedWork<Result extends object>(
  db: Database,
  name: string,
  run: () => Promise<Result>,
): Promise<Result | undefined> {
  const nowSec = () => Math.floor(Date.now() / 1000);
  const claim = { name, nowSec: nowSec(), aliveSec: ALIVE_SEC };
  const { claimed } = await within(STEP_LIMIT_MS, (own) => db.write('claimIdleWork', claim, own));
  if (!claimed) return undefined;
  let result: object = { failed: 'internal' };
  const renewal = setInterval(() => {
    const renewed = within(STEP_LIMIT_MS, (own) => db.write('renewTimedWork', { name, nowSec: nowSec() }, own));
    renewed.catch(() => {}); // the next one may succeed, and two at once do no harm
  }, RENEW_MS);
  try {
    const done = await run();
    result = done;
    return done;
  } finally {
    clearInterval(renewal);
    await within(STEP_LIMIT_MS, (own) => db.write('endTimedWork', { name, nowSec: nowSec(), result }, own));
  }
}
