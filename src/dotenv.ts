import { readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { BadStart } from './bad-start.ts';

/** The environment with what `.env` of the working directory adds to it; what is set already wins. Throws BadStart. */
export function readEnvironment(environment: NodeJS.ProcessEnv): Record<string, string | undefined> {
  let text: string;
  try {
    text = readFileSync('.env', 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return { ...environment };
    throw new BadStart('.env is there and cannot be read: correct its permissions', { cause: error });
  }
  return { ...parseEnv(text), ...environment };
}
