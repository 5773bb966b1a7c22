import { constants, fstatSync, openSync, writeSync } from 'node:fs';
import { Socket } from 'node:net';

const STDERR = 2;
const NOTHING = Buffer.alloc(0);

/**
 * Standard error for the log. A line that cannot be written now (full disk, a pipe that is not read) is dropped and
 * counted, and the service continues. The next line that can be written reports the number of lost lines.
 */
export function stderrLines(fd = openStderr()): { write(line: string): void } {
  let lost = 0;
  /** The rest of a partly written line. It is written first, so that lines are not mixed. */
  let rest: Buffer = NOTHING;

  /** Returns false if the line was lost. */
  const put = (line: string): boolean => {
    try {
      if (rest.length > 0) rest = rest.subarray(writeSync(fd, rest));
      if (rest.length > 0) return false;
      const bytes = Buffer.from(line);
      rest = bytes.subarray(writeSync(fd, bytes));
      return true;
    } catch {
      return false;
    }
  };
  return {
    write(line) {
      if (lost > 0 && put(`${JSON.stringify({ level: 40, time: Date.now(), lost, msg: 'log lines were lost' })}\n`))
        lost = 0;
      if (!put(line)) lost += 1;
    },
  };
}

/**
 * A descriptor that never blocks. Files never do. A pipe or a terminal is opened again, because `O_NONBLOCK` on the
 * inherited descriptor would affect all processes that share it. A socket (of systemd or another Node process) cannot
 * be opened again, and is not shared.
 */
function openStderr(): number {
  try {
    const kind = fstatSync(STDERR);
    if (kind.isFile()) return STDERR;
    if (!kind.isSocket()) return openSync('/proc/self/fd/2', constants.O_WRONLY | constants.O_NONBLOCK);
    new Socket({ fd: STDERR, readable: false }).unref(); // makes it non-blocking
  } catch {
    // closed, or a terminal of another user
  }
  return STDERR;
}
