import { execFileSync } from 'node:child_process';

/** Creates a named pipe that only this user may open. Node cannot. */
export function makeNamedPipe(path: string): void {
  execFileSync('mkfifo', ['-m', '600', path]);
}
