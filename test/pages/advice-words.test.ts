import { expect, test } from 'vitest';
import type { WalltimeAdvice } from '../../src/jobs/walltime-advice.ts';
import { adviceWords } from '../../src/pages/advice-words.ts';

const NONE: WalltimeAdvice = {
  ...{ walltime: undefined, why: 'few_jobs', alike: ['cluster', 'size'] },
  ...{ jobs: 214, within: 0, reachedWalltime: 0, tried: 0, kept: 0 },
};
const LIKE = 'jobs of the same user, cluster, size';

test.each<[Partial<WalltimeAdvice>, number, string]>([
  [
    { walltime: 7775, why: undefined, within: 210 },
    86_400,
    `Advice for the next such job: <strong>2h 10m</strong> of walltime instead of 1d. 210 of the last 214 ${LIKE} ended within 2h 9m.`,
  ],
  [
    { walltime: 60, why: undefined, within: 210, alike: [] },
    0,
    'Advice for the next such job: <strong>1m</strong> of walltime. 210 of the last 214 jobs of the same user ended within 1m.',
  ],
  [{ why: 'not_shorter' }, 60, `The last 214 ${LIKE} needed what this one asked for.`],
  [{ why: 'unsteady' }, 60, `No advice on the walltime: the run times of ${LIKE} change too much.`],
])('%j of %i s', (advice, asked, words) => {
  expect(String(adviceWords({ ...NONE, ...advice }, asked))).toBe(words);
});
