import type { Context } from 'hono';
import type { FaultCode } from '../../faults.ts';
import type { AppEnv } from '../service.ts';

/** Returns true if this request, refused with this code, is logged. Either all of its lines are logged or none. */
export function isLogged(c: Context<AppEnv>, code: FaultCode): boolean {
  if (c.get('isLogged') === undefined) c.set('isLogged', c.get('refusals').takes(code));
  return c.get('isLogged') ?? true;
}
