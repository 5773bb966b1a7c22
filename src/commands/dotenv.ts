import { readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import type { Environment } from '../settings-by-deployment.ts';
import { StartupError } from '../startup-error.ts';

/** The environment plus the variables of `.env` in the working directory. Set variables win. Throws StartupError. */
export function readEnvironment(environment: NodeJS.ProcessEnv): Environment {
  let text: string;
  try {
    text = readFileSync('.env', 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT')
      return { env: { ...environment }, fromFile: new Set() };
    throw new StartupError('.env cannot be read: correct its permissions', { cause: error });
  }
  const file = parseEnv(text);
  const names = Object.keys(file).filter((name) => environment[name] === undefined);
  const envFile = { text, names: Object.keys(file) };
  return { env: { ...file, ...environment }, fromFile: new Set(names), envFile };
}
