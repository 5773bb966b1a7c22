import type { Deadline } from './deadline.ts';

/** A long list may occupy the thread, which all requests share, for this long. */
const SLICE_MS = 5;

/** Maps items in slices of a few milliseconds. Throws the deadline's fault. */
export async function inSlices<Item, Made>(
  items: Iterable<Item>,
  make: (item: Item) => Made,
  { signal }: Pick<Deadline, 'signal'>,
): Promise<Made[]> {
  const made: Made[] = [];
  let sliceEnds = performance.now() + SLICE_MS;
  for (const item of items) {
    made.push(make(item));
    if (performance.now() < sliceEnds) continue;
    await new Promise((resolve) => setTimeout(resolve, 0));
    signal.throwIfAborted();
    sliceEnds = performance.now() + SLICE_MS;
  }
  return made;
}
