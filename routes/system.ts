import { z } from '@hono/zod-openapi';
import { requireAdministrator } from '../src/http/auth/api-access.ts';
import { answers, apiRoute, json, resource } from '../src/http/json/responses.ts';
import { systemState } from '../src/http/system-state.ts';

/** The documented part of SystemState. */
const System = z.object({
  settings: z.record(z.string(), z.unknown()).openapi({ description: 'effective settings, without secrets' }),
  database: z.object({ alive: z.boolean(), queued: z.int() }).openapi({ description: 'processes and counters' }),
});

/** GET system: returns the settings in force and the state of the service, for admins. */
export const system = resource().openapi(
  apiRoute({
    method: 'get',
    path: '/system',
    summary: 'Get settings, processes and counters',
    responses: answers('the state of the service', System),
  }),
  (c) => {
    requireAdministrator(c.get('user'));
    const state: z.input<typeof System> = systemState(c);
    return json(state);
  },
);
