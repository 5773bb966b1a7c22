/** What fields of a request ask about the same jobs is read in one pass. */
import { expect, test } from 'vitest';
import { Turns } from '../../src/event-loop-turns.ts';
import { SharedScans } from '../../src/graphql/shared-scans.ts';
import type { VisibleJobs } from '../../src/jobs/visibility.ts';

const ALL: VisibleJobs = { conditions: [], tagScopes: [] };
const SOME: VisibleJobs = { conditions: [{ kind: 'tag', ids: [2n ** 60n] }], tagScopes: [] };

function scans() {
  const asked: [VisibleJobs, object][] = [];
  const shared = new SharedScans(new Turns(), async (jobs, parts) => {
    asked.push([jobs, structuredClone(parts)]);
    const group = ({ groupBy }: { groupBy?: readonly string[] | undefined }) => [{ id: `${groupBy}` }] as never;
    const bins = (width: string) => ({ histDuration: [{ value: width }] }) as never;
    return { statistics: parts.statistics.map(group), histograms: parts.histograms.map(bins), metricHistograms: [] };
  });
  return { asked, shared };
}

test('several questions about the same jobs are asked together, and each gets its answer', async () => {
  const { asked, shared } = scans();
  const answers = await Promise.all([
    shared.read('statistics', ALL, { groupBy: ['user'] }),
    shared.read('statistics', SOME, {}),
    shared.read('histograms', ALL, '1h'),
    shared.read('statistics', ALL, { groupBy: ['project'] }),
  ]);
  expect(answers).toEqual([
    [{ id: 'user' }],
    [{ id: 'undefined' }],
    { histDuration: [{ value: '1h' }] },
    [{ id: 'project' }],
  ]);
  expect(asked).toEqual([
    [ALL, { statistics: [{ groupBy: ['user'] }, { groupBy: ['project'] }], histograms: ['1h'], metricHistograms: [] }],
    [SOME, { statistics: [{}], histograms: [], metricHistograms: [] }],
  ]);
});

test('a question that comes later is asked for itself', async () => {
  const { asked, shared } = scans();
  await shared.read('statistics', ALL, {});
  await shared.read('histograms', ALL, '6h');
  expect(asked).toHaveLength(2);
});
