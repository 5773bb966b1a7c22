import { fchmodSync, fstatSync } from 'node:fs';
import type { CommandIo } from './command.ts';

const GROUP_AND_OTHERS = 0o077;
const OTHERS = 0o007;

/**
 * To be called before a secret goes to standard output: where the shell has made a file of it, which any umask decides about, its group
 * and others lose their rights. In a file that held something before, the group keeps them: it may be the service's.
 */
export function keepPrivate({ stdout, stderr }: Pick<CommandIo, 'stdout' | 'stderr'>): void {
  const fd = 'fd' in stdout ? stdout.fd : undefined;
  if (typeof fd !== 'number') return;
  const status = fstatSync(fd);
  const mode = status.mode & 0o777;
  const wanted = mode & ~(status.size === 0 ? GROUP_AND_OTHERS : OTHERS);
  if (!status.isFile() || wanted === mode) return;
  try {
    fchmodSync(fd, wanted);
    stderr.write(
      `cc-jobs: other accounts could read the file: its mode was changed from ${mode.toString(8)} to ${wanted.toString(8)}\n`,
    );
  } catch {
    stderr.write('cc-jobs: other accounts can read the file, and you do not own it: ask its owner to run chmod 600\n');
  }
}
