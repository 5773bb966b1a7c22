import { on, once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { parentPort, Worker, workerData } from 'node:worker_threads';

export interface ThreadOptions {
  /** The TypeScript file that the thread runs. It calls `serveThread`. */
  readonly file: string;
  /** The argument of the `start` function of `serveThread`. */
  readonly data: unknown;
  /** Sizes of V8's heap in MB. */
  readonly youngMb: number;
  readonly oldMb: number;
}

/** Messages that the thread prepares ahead. */
const AHEAD = 2;
/** For the message at hand. */
const END_LIMIT_MS = 5_000;

/** Yields the messages of a new thread, which ends with the loop. Throws the thread's error or the signal's reason. */
export async function* messagesOf<Message>(options: ThreadOptions, signal: AbortSignal): AsyncGenerator<Message> {
  const { file, data, youngMb, oldMb } = options;
  const resourceLimits = { maxYoungGenerationSizeMb: youngMb, maxOldGenerationSizeMb: oldMb };
  const thread = new Worker(file, { workerData: data, resourceLimits });
  try {
    const messages = on(thread, 'message', { signal }) as AsyncIterable<[Message]>; // each event has one argument
    for (let ahead = 0; ahead < AHEAD; ahead += 1) thread.postMessage('next');
    for await (const [message] of messages) {
      yield message;
      thread.postMessage('next');
    }
  } finally {
    await end(thread);
  }
}

/** Lets a thread finish what it does: one that is terminated within a call of libsql aborts the process (measured). */
async function end(thread: Worker): Promise<void> {
  if (thread.threadId < 0) return; // it has ended
  const ended = once(thread, 'exit').catch(() => {}); // what it throws now is of no use
  thread.postMessage('end');
  const isLate = await Promise.race([ended.then(() => false), sleep(END_LIMIT_MS, true, { ref: false })]);
  if (isLate) await thread.terminate();
}

/** Makes this thread send the results of `next`, one message per request. */
export function serveThread<Data, Message>(start: (data: Data) => () => Promise<Message>): void {
  const next = start(workerData);
  let working = Promise.resolve();
  let isEnding = false;
  parentPort?.on('message', (message: 'next' | 'end') => {
    isEnding ||= message === 'end';
    working = working.then(async () => {
      if (isEnding) process.exit(); // of this thread alone
      parentPort?.postMessage(await next());
    });
  });
}
