import { createHash } from 'node:crypto';
import { join, resolve } from 'node:path';
import { hasCode, readRegularFile, reasonOf } from '../archive/file-access.ts';
import { CORE_FILES, FILE_TYPES, type FrontendFile, type FrontendFiles } from '../cc-frontend/files.ts';
import { StartupError } from '../startup-error.ts';

/** The largest file has 0.7 MB. */
const MOST_BYTES = 16 * 1024 * 1024;

/**
 * Reads the built front end of cc-backend (contract/frontend.md §1.1), 5 MB in all. Throws StartupError for a folder
 * that does not hold it, or that holds another version.
 */
export async function readFrontend(path: string): Promise<FrontendFiles> {
  const folder = resolve(path);
  const files = new Map<string, FrontendFile>();
  const missing: string[] = [];
  for (const [name, type] of FILE_TYPES) {
    try {
      const bytes = new Uint8Array(await readRegularFile(join(folder, name), MOST_BYTES));
      const tag = `W/"${createHash('sha256').update(bytes).digest('base64url')}"`; // weak: it may be sent compressed
      files.set(name, { bytes, type, tag });
    } catch (cause) {
      if (!hasCode(cause, 'ENOENT', 'ENOTDIR')) throw new StartupError(`FRONTEND_PATH: ${reasonOf(cause)}`, { cause });
      missing.push(name);
    }
  }
  if (missing.length > 0) throw new StartupError(problemOf(folder, missing));
  return files;
}

function problemOf(folder: string, missing: readonly string[]): string {
  if (CORE_FILES.every((name) => !missing.includes(name))) {
    return `FRONTEND_PATH ${folder} is a front end of another version than that of cc-backend 1.5.4: ${missing.join(', ')} missing`;
  }
  return `FRONTEND_PATH ${folder} is not a built front end of cc-backend, or not that of 1.5: ${missing.slice(0, 5).join(', ')} missing. Run 'npm ci && npm run build' in web/frontend of cc-backend, and set FRONTEND_PATH to web/frontend/public`;
}
