import type { Deadline } from './deadline.ts';
import type { Database, Page } from './port.ts';
import type { PageStatement } from './statement.ts';

/** The batch behind another one (undefined: the first), or undefined at the end. */
export type NextPage<More> = (before: Page<More> | undefined) => PageStatement<More> | undefined;

/**
 * A list of any size, pulled batch by batch: the next is asked for when the consumer wants it. Each batch gets a deadline
 * of its own from `deadlineFor`, which is cleared behind it.
 */
export async function* pages<More>(
  db: Database,
  next: NextPage<More>,
  deadlineFor: () => Deadline,
): AsyncGenerator<Page<More>, void, void> {
  let before: Page<More> | undefined;
  for (let statement = next(before); statement !== undefined; statement = next(before)) {
    const deadline = deadlineFor();
    try {
      before = await db.readPage(statement, deadline);
    } finally {
      deadline.clear();
    }
    yield before;
  }
}
