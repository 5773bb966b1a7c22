import { Worker } from 'node:worker_threads';

/**
 * Ends this process when the service has gone, however it went. SIGKILL, since `process.exit` can hang for seconds in
 * native code (measured: more than 8 s; SIGKILL 4-11 ms).
 *
 * Three ways, the first that applies: on Linux the kernel sends the signal (`setpriv --pdeathsig`, src/processes/spawn.ts);
 * without setpriv a thread waits on an inherited pipe, which also works while native code holds the JS thread (15 MB);
 * always: the closing of the message channel.
 */
export function endWithParent(): void {
  process.on('disconnect', endNow);
  const { CC_JOBS_LIFELINE: lifeline, CC_JOBS_PARENT: parent } = process.env;
  if (parent !== undefined && process.ppid !== Number(parent)) endNow(); // it died before the signal was armed
  if (lifeline === 'pipe') {
    // readSync returns when the other end closes: the service never writes.
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
