import { StartupError } from '../../startup-error.ts';
import { type ConnectionOptions, PRAGMAS } from './pragmas.ts';

type Rows = readonly Record<string, unknown>[];

/**
 * Applies the pragmas of a role in their order and reads each back; `all` runs a statement on the connection. Answers the values that are
 * in force. Throws StartupError for one that did not take.
 */
export async function bootstrap(
  all: (sql: string) => Promise<Rows> | Rows,
  options: ConnectionOptions,
): Promise<Record<string, string | number>> {
  const pragmas: Record<string, string | number> = {};
  for (const { name, value, roles } of PRAGMAS) {
    if (!roles.includes(options.role)) continue;
    const wanted = value(options);
    // Values are numbers and words of our own table; a pragma takes no parameters.
    await all(`PRAGMA ${name} = ${wanted}`);
    const [row] = await all(`PRAGMA ${name}`);
    const found: unknown = Object.values(row ?? {})[0];
    if (found !== wanted) {
      throw new StartupError(`${options.path}: PRAGMA ${name} = ${wanted} had no effect: its value is ${found}`);
    }
    pragmas[name] = wanted;
  }
  return pragmas;
}
