import { on } from 'node:events';
import { parentPort, Worker, workerData } from 'node:worker_threads';

export interface ThreadOptions {
  /** The TypeScript file that it runs; it calls `serveThread`. */
  readonly file: string;
  /** What `serveThread` gives to it. */
  readonly data: unknown;
  /** MB of V8's heap. */
  readonly youngMb: number;
  readonly oldMb: number;
}

/** Messages that are made before they are taken. */
const AHEAD = 2;

/** The messages of a thread of its own, which ends with the loop over them. Throws what the thread throws, and the reason of the signal. */
export async function* messagesOf<Message>(options: ThreadOptions, signal: AbortSignal): AsyncGenerator<Message> {
  const { file, data, youngMb, oldMb } = options;
  const resourceLimits = { maxYoungGenerationSizeMb: youngMb, maxOldGenerationSizeMb: oldMb };
  const thread = new Worker(file, { workerData: data, resourceLimits });
  try {
    const messages = on(thread, 'message', { signal }) as AsyncIterable<[Message]>; // one argument each
    for (let ahead = 0; ahead < AHEAD; ahead += 1) thread.postMessage('next');
    for await (const [message] of messages) {
      yield message;
      thread.postMessage('next');
    }
  } finally {
    await thread.terminate();
  }
}

/** Makes this thread send what `next` returns, one message after another, each when it is asked for. */
export function serveThread<Data, Message>(start: (data: Data) => () => Promise<Message>): void {
  const next = start(workerData);
  let working = Promise.resolve();
  parentPort?.on('message', () => {
    working = working.then(async () => parentPort?.postMessage(await next()));
  });
}
