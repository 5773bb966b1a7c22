import type { Fault } from '../faults.ts';
import { StartupError } from '../startup-error.ts';
import { endNow, endWithParent } from './end-with-parent.ts';
import { faultToMessage } from './fault-messages.ts';
import type { CallMessage, CallName, FromProcess, InputOf, Opened, OutputOf, Protocol, ToProcess } from './protocol.ts';
import { ownRssMb } from './rss.ts';

/** What a program serves after it has opened. */
export interface Served<P extends Protocol> {
  readonly opened: Opened;
  readonly calls: {
    readonly [Name in CallName<P>]: (input: InputOf<P, Name>, call: RunningCall<P>) => Promise<OutputOf<P, Name>>;
  };
  /** Stops a running call. Without this function, only the end of the process stops it. */
  interrupt?(call: RunningCall<P>): void;
  /** Converts an error of a call to a fault. */
  faultOf?(error: unknown): Fault;
  /** Called at the end of each call. `failed` is true if the call failed. */
  needsReplacement?(failed: boolean): boolean;
  close?(): void;
}

/** A running call, as the program sees it. */
export interface RunningCall<P extends Protocol> {
  /** True once the caller has its answer and only waits for the call to end. */
  isGivenUp(): boolean;
  /** Reports a step. Resolves when the message has been sent. */
  step(step: P['step']): Promise<void>;
  /** Asks whether the effect may become final. To be called once. */
  mayCommit(): Promise<boolean>;
  /** Runs `work` after the output has been sent. */
  afterwards(work: () => void): void;
}

/** An interrupt between two steps of a call has no effect, so it is repeated until the call has ended. */
const INTERRUPT_AGAIN_MS = 2;

/**
 * The main loop of every program. It opens, runs the calls that it receives, answers pings, and ends with the service.
 * `open` throws StartupError if the reason is known.
 */
export function serveProgram<P extends Protocol>(open: (options: P['options']) => Promise<Served<P>>): void {
  let served: Served<P> | undefined;
  const running = new Map<number, Running<P>>();

  async function start(options: P['options']): Promise<void> {
    try {
      served = await open(options);
      await send<P>({ kind: 'ready', ...served.opened });
    } catch (error) {
      const { problems, fault } = error instanceof StartupError ? error : new StartupError(String(error));
      await send<P>({ kind: 'refused', problems, fault });
    }
  }

  async function serve(message: CallMessage<P>): Promise<void> {
    const call = new Running<P>(message.id);
    running.set(message.id, call);
    const end = await outcome(message, call);
    running.delete(message.id);
    if (served?.needsReplacement?.(end.kind === 'failed') === true) void send<P>({ kind: 'needsReplacement' });
    void send<P>(end);
    for (const work of call.later) work();
  }

  async function outcome({ id, name, input }: CallMessage<P>, call: Running<P>) {
    try {
      if (served === undefined) throw new Error('not open');
      return { kind: 'done', id, output: await served.calls[name](input, call) } as const;
    } catch (error) {
      return { kind: 'failed', id, fault: faultToMessage(served?.faultOf?.(error) ?? error) } as const;
    }
  }

  function interrupt(id: number): void {
    const call = running.get(id);
    if (call === undefined || call.givenUp) return;
    call.givenUp = true;
    const again = () => {
      if (!running.has(id) || served?.interrupt === undefined) return;
      served.interrupt(call);
      setTimeout(again, INTERRUPT_AGAIN_MS);
    };
    again();
  }

  function receive(message: ToProcess<P>): void {
    switch (message.kind) {
      case 'open':
        void start(message.options);
        return;
      case 'call':
        void serve(message);
        return;
      case 'interrupt':
        interrupt(message.id);
        return;
      case 'commit':
        running.get(message.id)?.decide?.(message.allowed);
        return;
      case 'ping':
        void send<P>({ kind: 'pong', rssMb: ownRssMb() });
        return;
      case 'stop':
        served?.close?.();
        endNow();
    }
  }

  endWithParent();
  process.on('message', receive);
  // A terminal sends Ctrl-C to the whole process group, and a reload may be sent to it. The service itself ends its
  // processes in order.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});
}

class Running<P extends Protocol> implements RunningCall<P> {
  readonly id: number;
  readonly later: (() => void)[] = [];
  givenUp = false;
  decide: ((allowed: boolean) => void) | undefined;

  constructor(id: number) {
    this.id = id;
  }

  isGivenUp(): boolean {
    return this.givenUp;
  }

  async step(step: P['step']): Promise<void> {
    await send<P>({ kind: 'step', id: this.id, step });
  }

  async mayCommit(): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    this.decide = resolve;
    await send<P>({ kind: 'mayCommit', id: this.id });
    return await promise;
  }

  afterwards(work: () => void): void {
    this.later.push(work);
  }
}

/** Resolves when the message has been sent. A closed channel ends the process (end-with-parent.ts). */
function send<P extends Protocol>(message: FromProcess<P>): Promise<void> {
  return new Promise((resolve) => {
    process.send?.(message, () => resolve());
  });
}
