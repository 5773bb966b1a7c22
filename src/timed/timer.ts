import { lastTimedWork, runTimedWork, type TimedOptions } from './run.ts';
import { TIMETABLE } from './timetable.ts';

/** Between two looks at the timetable; no work comes more often than that. */
const LOOK_MS = 1_000;

export interface Timer {
  /** When each piece of timed work last ran and what came of it, as of the last look. */
  status(): readonly object[];
  /** Waits for what runs; nothing more is begun. */
  stop(): Promise<void>;
}

/** Runs timed work as long as the service runs. Only work whose time may have come asks the database whether it has. */
export function startTimer(options: TimedOptions): Timer {
  const dueAt = new Map<string, number>();
  let last: readonly object[] = [];
  let running: Promise<void> | undefined;
  const round = async () => {
    const now = performance.now();
    const due = TIMETABLE.filter(({ name }) => (dueAt.get(name) ?? 0) <= now);
    if (due.length === 0) return;
    for (const task of due) {
      const everySec = task.everySec(options.settings);
      dueAt.set(task.name, everySec === 'off' ? Number.POSITIVE_INFINITY : now + everySec * 1000);
    }
    await runTimedWork(options, due);
    last = await lastTimedWork(options);
  };
  const look = () => {
    running ??= round()
      .catch((error: unknown) => options.log.warn({ err: error }, 'timed work could not be looked at'))
      .finally(() => {
        running = undefined;
      });
  };
  const timer = setInterval(look, LOOK_MS);
  return {
    status: () => last,
    async stop() {
      clearInterval(timer);
      await running;
    },
  };
}
