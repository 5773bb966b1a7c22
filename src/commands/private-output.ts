import { fchmodSync, fstatSync, readlinkSync } from 'node:fs';
import type { CommandIo } from './command.ts';

const GROUP_AND_OTHERS = 0o077;
const OTHERS = 0o007;

/**
 * Call this before writing a secret to standard output. If standard output is a file, whose mode depends on the umask,
 * this removes the rights of the group and of others. If the file already has content, the group keeps its rights: it
 * may be the group of the service.
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
      `cc-jobs: other accounts could read ${nameOf(fd)}: its mode was changed from ${mode.toString(8)} to ${wanted.toString(8)}\n`,
    );
  } catch {
    stderr.write(
      `cc-jobs: other accounts can read ${nameOf(fd)}, and you do not own it: ask its owner to run chmod 600\n`,
    );
  }
}

/** The path of an open file, which only Linux knows. */
function nameOf(fd: number): string {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`);
  } catch {
    return 'the file';
  }
}
