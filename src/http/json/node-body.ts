import { textProblem } from '../../jobs/job-validation.ts';
import type { NodeReports } from '../../jobs/node-state.ts';
import { nodeStateOf } from '../../jobs/node-state.ts';
import { int64, listOf, strictFields, text } from './body-values.ts';

const name = (property: string) =>
  text
    .refine((value) => textProblem(property, value) === undefined, {
      error: ({ input }) => textProblem(property, String(input)) ?? '',
    })
    .nullish()
    .transform((value) => value ?? '');
const whole = int64.nullish().transform((value) => value ?? 0);

/** The body of nodestate (contract/rest.md §8). Memory is in MB. */
export const NodeStatesBody = strictFields({
  cluster: name('cluster'),
  nodes: listOf(
    strictFields({
      hostname: name('hostname'),
      states: listOf(text, 'nodeStates')
        .nullish()
        .transform((value) => nodeStateOf(value ?? [])),
      cpusAllocated: whole,
      memoryAllocated: whole,
      gpusAllocated: whole,
      jobsRunning: whole,
    }),
    'nodesInReport',
  )
    .nullish()
    .transform(
      (nodes): NodeReports => ({
        hostname: (nodes ?? []).map(({ hostname }) => hostname),
        state: (nodes ?? []).map(({ states }) => states),
        cpusAllocated: (nodes ?? []).map(({ cpusAllocated }) => cpusAllocated),
        memoryAllocated: (nodes ?? []).map(({ memoryAllocated }) => memoryAllocated),
        gpusAllocated: (nodes ?? []).map(({ gpusAllocated }) => gpusAllocated),
        jobsRunning: (nodes ?? []).map(({ jobsRunning }) => jobsRunning),
      }),
    ),
});
