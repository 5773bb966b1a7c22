import { z } from 'zod';
import { ROLES } from '../../jobs/roles.ts';

const texts = z
  .array(z.unknown())
  .catch([])
  .transform((list) => list.filter((item) => typeof item === 'string'));

/** A text, or the parts of one (contract/auth.md §7). */
const name = z
  .union([z.string(), z.object({ values: texts }).transform(({ values }) => values.join(' '))])
  .optional()
  .catch(undefined);

/**
 * What a token says about a user who logs in with it (contract/auth.md §7). Unknown roles are ignored, and so is a value
 * of another type.
 */
export const LoginClaims = z.object({
  sub: z.string().min(1),
  name,
  roles: texts.transform((list) => ROLES.filter((role) => list.includes(role))),
  projects: texts,
});
