import { z } from '@hono/zod-openapi';
import { answers, apiRoute, json, resource } from '../src/http/json/responses.ts';
import { UNUSUAL_KINDS } from '../src/jobs/unusual-kinds.ts';
import { PERIOD } from '../src/jobs/unusual-limits.ts';
import { unusualFor } from '../src/pages/unusual/unusual-for-caller.ts';

const UnusualSchema = z
  .object({
    kind: z.enum(UNUSUAL_KINDS),
    text: z.string(),
    link: z.string(),
    about: z.record(z.string(), z.string()),
    numbers: z.record(z.string(), z.number()),
  })
  .openapi('Unusual');

/** GET unusual: returns what is unusual among the jobs that the caller may see. */
export const unusual = resource().openapi(
  apiRoute({
    method: 'get',
    path: '/unusual',
    summary: `Get what is unusual in the ${PERIOD.label}`,
    responses: answers(
      'a sentence for each, with the address of the page that shows it',
      z.object({ unusual: z.array(UnusualSchema), more: z.int(), unchecked: z.array(z.enum(UNUSUAL_KINDS)) }),
    ),
  }),
  async (c) => json(await unusualFor(c)),
);
