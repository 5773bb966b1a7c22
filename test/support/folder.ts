import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** A folder of the test's own, removed after it. */
export function testFolder(): string {
  const folder = makeFolder();
  onTestFinished(() => removeFolder(folder));
  return folder;
}

/** A folder for more than one test: call `removeFolder` after them. */
export const makeFolder = (): string => mkdtempSync(join(tmpdir(), 'cc-jobs-test-'));

export const removeFolder = (folder: string): void => rmSync(folder, { recursive: true, force: true });
