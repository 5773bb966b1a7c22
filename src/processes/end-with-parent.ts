import { Worker } from 'node:worker_threads';

/**
 * Ends this process when its parent has ended, whatever the cause. Uses SIGKILL because `process.exit` can hang for
 * seconds in native code (measured: more than 8 s; SIGKILL takes 4-11 ms).
 *
 * There are three ways:
 * - On Linux, the kernel sends the signal (`setpriv --pdeathsig`, src/processes/spawn.ts).
 * - Without setpriv, a thread waits on an inherited pipe. This works even while native code holds the JS thread. It
 *   costs 15 MB.
 * - In any case, the process ends when the message channel closes.
 */
export function endWithParent(): void {
  process.on('disconnect', endNow);
  const { CC_JOBS_LIFELINE: lifeline, CC_JOBS_PARENT: parent } = process.env;
  if (parent !== undefined && process.ppid !== Number(parent)) endNow(); // the parent died before the signal was armed
  if (lifeline === 'pipe') {
    // The service never writes to the pipe, so readSync returns only when the other end closes.
    const wait = `require('node:fs').readSync(3, Buffer.alloc(1)); process.kill(${process.pid}, 'SIGKILL');`;
    new Worker(wait, {
      eval: true,
      resourceLimits: { maxYoungGenerationSizeMb: 1, maxOldGenerationSizeMb: 8 },
    }).unref();
  }
}

export function endNow(): void {
  process.kill(process.pid, 'SIGKILL');
}
