/** Which process of the index runs next. life.test.ts runs the processes. */
import { expect, test } from 'vitest';
import {
  afterBuild,
  afterDeclining,
  afterFailedBuild,
  afterFailing,
  afterNoIndex,
  type Next,
} from '../../src/column-index/process-to-start-next.ts';
import { StartupError } from '../../src/startup-error.ts';

const STALE = { declined: 'stale', reason: 'there is no index' } as const;
const UNSUITABLE = { declined: 'unsuitable', reason: 'a view' } as const;
const failed = (name: 'stale' | 'unsuitable', reason: string) => ({ failure: { name, reason } });

test.each<[what: string, next: Next, expected: Next]>([
  ['an outdated index is built at once', afterNoIndex(STALE, 0), { run: 'build' }],
  ['again after a pause', afterNoIndex(STALE, 1), { run: 'build', ...failed('stale', 'there is no index') }],
  ['also while it answers', afterDeclining(STALE), { run: 'build', ...failed('stale', 'there is no index') }],
  ['no build repairs a database', afterNoIndex(UNSUITABLE, 0), { run: 'answer', ...failed('unsuitable', 'a view') }],
  ['a build is followed by answers', afterBuild(undefined), { run: 'answer' }],
  ['not at once if it gave up', afterBuild(STALE), { run: 'answer', ...failed('stale', 'there is no index') }],
  ['or failed', afterFailedBuild(new Error('full')), { run: 'answer', ...failed('stale', 'full') }],
  [
    'a failed start needs a build',
    afterFailing(new Error('broken'), false),
    { run: 'build', ...failed('stale', 'broken') },
  ],
  [
    'a death of the file a new one',
    afterFailing(new Error('died'), true),
    { run: 'answer', fresh: true, ...failed('stale', 'died') },
  ],
])('%s', (_, next, expected) => {
  expect(next).toEqual(expected);
});

test('the file of another service is not deleted', () => {
  expect(afterFailing(new StartupError(['in use']), true)).toMatchObject({ run: 'answer' });
  expect(afterFailing(new StartupError(['in use']), true).fresh).toBeUndefined();
});
