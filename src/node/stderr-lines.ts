import { constants, fstatSync, openSync, writeSync } from 'node:fs';
import { Socket } from 'node:net';

const STDERR = 2;
const NOTHING = Buffer.alloc(0);

/**
 * Standard error for the log: a line that cannot be written now (the disk is full, nobody reads the pipe) is lost and counted, and
 * the service goes on. The next line that can be written says how many were.
 */
export function stderrLines(fd = openStderr()): { write(line: string): void } {
  let lost = 0;
  /** The rest of a line that was cut: it goes first, so that no two lines are mixed. */
  let rest: Buffer = NOTHING;

  /** False when the line was lost. */
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
 * A descriptor on which no write waits. Files never do. A pipe or a terminal is opened once more, since `O_NONBLOCK` on the one we
 * were given would be everybody's; a socket (systemd's, or of another Node) cannot be, and is ours alone.
 */
function openStderr(): number {
  try {
    const kind = fstatSync(STDERR);
    if (kind.isFile()) return STDERR;
    if (!kind.isSocket()) return openSync('/proc/self/fd/2', constants.O_WRONLY | constants.O_NONBLOCK);
    new Socket({ fd: STDERR, readable: false }).unref(); // makes it non-blocking
  } catch {
    // closed, or somebody else's terminal
  }
  return STDERR;
}
