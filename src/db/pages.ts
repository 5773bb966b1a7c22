import type { Page } from './port.ts';
import type { PageStatement } from './statement.ts';

/**
 * The batch behind another one (undefined: the first), or undefined at the end; `most`: with how many behind it in its series, none if left out. It is told
 * every batch, also of those that come by themselves.
 */
export type NextPage<More> = (before: Page<More> | undefined, most?: number) => PageStatement<More> | undefined;

/** How one batch is read: the caller knows its deadline, and what else belongs to it. */
export type ReadPage<More> = (statement: PageStatement<More>) => Promise<Page<More>>;

/** A series keeps its process from others, who wait for less than this, and may wait for the consumer, a megabyte. */
const SERIES = { ms: 16, batches: 3 };

/**
 * A list of any size, pulled batch by batch. From the second batch on the next is read while the consumer works on the last
 * (measured: 100,000 instead of 72,000 rows/s), and while batches come fast, a few in one series. So few batches may wait for him, and
 * none where `mayReadAhead` says no. The first is read alone: its faults are the answer's, and many a list ends with it.
 */
export async function* pages<More>(
  next: NextPage<More>,
  read: ReadPage<More>,
  mayReadAhead: () => boolean = () => true,
): AsyncGenerator<Page<More>, void, void> {
  let most = 0;
  const begin = (before: Page<More> | undefined) => {
    const statement = next(before, most);
    if (statement === undefined) return undefined;
    const reading = before?.behind ?? timed(read(statement));
    reading.catch(() => {}); // it fails where it is awaited; a consumer that has left awaits nothing
    return reading;
  };
  const timed = async (reading: Promise<Page<More>>) => {
    const startedAt = performance.now();
    const page = await reading;
    most = Math.min(SERIES.batches, Math.floor(SERIES.ms / (performance.now() - startedAt)));
    return page;
  };
  let page = await begin(undefined);
  let isFirst = true;
  while (page !== undefined) {
    const mayWait = mayReadAhead();
    if (!mayWait) most = 0;
    const ahead = isFirst || !mayWait ? undefined : { page: begin(page) };
    isFirst = false;
    yield page;
    page = await (ahead === undefined ? begin(page) : ahead.page);
  }
}
