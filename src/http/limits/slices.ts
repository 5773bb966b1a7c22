import type { Deadline } from '../../deadline.ts';

/** For so long a long list keeps the thread, which belongs to all requests. */
const SLICE_MS = 5;
/** Between two looks at the clock. */
const STEP = 64;

/** What `make` makes of each of many items, a few milliseconds at a time. Throws the deadline's fault. */
export async function inSlices<Item, Made>(
  items: readonly Item[],
  make: (item: Item) => Made,
  { signal }: Pick<Deadline, 'signal'>,
): Promise<Made[]> {
  const made: Made[] = [];
  let sliceEnds = performance.now() + SLICE_MS;
  for (const item of items) {
    made.push(make(item));
    if (made.length % STEP !== 0 || performance.now() < sliceEnds) continue;
    await new Promise((resolve) => setTimeout(resolve, 0));
    signal.throwIfAborted();
    sliceEnds = performance.now() + SLICE_MS;
  }
  return made;
}
