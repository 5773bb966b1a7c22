import type { Context } from 'hono';
import { Fault } from '../../faults.ts';
import type { AppEnv } from '../env.ts';
import { queryOf } from '../request.ts';

/** Throws invalid_request that names a parameter the page does not have, as the API does. */
export function onlyKnown(c: Context<AppEnv>, known: readonly string[]): void {
  const unknown = [...queryOf(c).keys()].find((name) => !known.includes(name));
  if (unknown !== undefined) throw new Fault('invalid_request', `invalid query parameter: ${unknown.slice(0, 200)}`);
}
