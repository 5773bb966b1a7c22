import type { MiddlewareHandler } from 'hono';
import type { RefusedReport } from '../../system-state-types.ts';
import { isLogged } from '../faults/is-logged.ts';
import { nowSec } from '../request-values.ts';
import type { AppEnv } from '../service.ts';

const LONGEST_REASON = 300;
const LONGEST_NAME = 100;

/**
 * Counts and logs refused requests. From the caller's text, the log takes only the job and what the reason quotes, cut.
 */
export function noteRefused(kind: RefusedReport['kind']): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    await next();
    const fault = c.get('fault');
    const reportedJob = c.get('reportedJob');
    const refusedReports = c.get('refusedReports');
    const log = c.get('log');
    if (fault === undefined) return;
    if (fault.code === 'conflict') {
      refusedReports.addRepeated();
      return;
    }
    const named = Object.entries({ ...fault.about, ...reportedJob })
      .filter(([, text]) => text !== '')
      .map(([name, text]) => [name, text.slice(0, LONGEST_NAME)]);
    const reason = fault.message.slice(0, LONGEST_REASON);
    const report: RefusedReport = { at: nowSec(c), kind, ...Object.fromEntries(named), code: fault.code, reason };
    refusedReports.add(report);
    const { at: _, ...fields } = report;
    if (isLogged(c, fault.code)) log.warn(fields, 'the report of a job was refused');
  };
}
