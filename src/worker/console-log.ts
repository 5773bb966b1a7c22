import type { Log } from '../log.ts';
import type { SettingValues } from '../settings.ts';

/** pino's level numbers. */
const LEVELS = { debug: 20, info: 30, warn: 40, error: 50 } as const;
const LEAST: Readonly<Record<SettingValues['LOG_LEVEL'], number>> = {
  ...LEVELS,
  trace: 10,
  fatal: 60,
  silent: Number.POSITIVE_INFINITY,
};

/** The log of a Worker: JSON lines as on Node, written to the console, which is its only output. */
export function consoleLog(level: SettingValues['LOG_LEVEL'], bindings: Record<string, unknown> = {}): Log {
  const write = (of: keyof typeof LEVELS) => (fields: object, msg: string) => {
    if (LEVELS[of] < LEAST[level]) return;
    const line = { level: LEVELS[of], time: Date.now(), ...bindings, ...fields, msg };
    console.log(JSON.stringify(line, (_, value: unknown) => plain(value)));
  };
  return {
    debug: write('debug'),
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
    child: (more) => consoleLog(level, { ...bindings, ...more }),
  };
}

/** An error in pino's format, and a 64-bit number as text: JSON.stringify refuses it. */
function plain(value: unknown): unknown {
  if (value instanceof Error) return shown(value);
  return typeof value === 'bigint' ? String(value) : value;
}

/** An error with its causes, in pino's format. */
function shown(error: Error): object {
  const causes: string[] = [];
  for (let at = error.cause; at instanceof Error && causes.length < 5; at = at.cause)
    causes.push(`${at.name}: ${at.message}`);
  return { type: error.name, message: [error.message, ...causes].join(': '), stack: error.stack };
}
