import { StartupError } from '../../startup-error.ts';
import { type ConnectionOptions, PRAGMAS } from './pragmas.ts';

type Rows = readonly Record<string, unknown>[];

/**
 * Sets the pragmas of a role in order and reads each one back. `all` runs a statement on the connection. Returns the
 * values in effect. Throws StartupError if a pragma had no effect.
 */
export async function bootstrap(
  all: (sql: string) => Promise<Rows> | Rows,
  options: ConnectionOptions,
): Promise<Record<string, string | number>> {
  const pragmas: Record<string, string | number> = {};
  for (const { name, value, roles } of PRAGMAS) {
    if (!roles.includes(options.role)) continue;
    const wanted = value(options.settings, options.role);
    // Pragmas take no parameters. The values are numbers and words of our own table.
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
