/** The column index, what users may see, and the files of the archive. */
import { type Mutation, mutation } from './mutation.ts';

export const OTHERS: readonly Mutation[] = [
  mutation('columns/asks.ts', 'const key = keyOf(question);', 'const key: string = question.kind;', 'columns/callers'),
  mutation('questions/where/duckdb.ts', '.filter((id) => context.readableTags.has(id))', '', 'columns/callers'),
  mutation(
    'questions/where/duckdb.ts',
    "textMatches('hpc_user', 'is', [condition.user], context)",
    "textMatches('hpc_user', 'contains', [condition.user], context)",
    'columns/callers',
  ),
  mutation(
    'columns/index-file.ts',
    'if (!isInterrupt(error)) return;',
    'if (isInterrupt(error)) return;',
    'columns/transaction',
  ),
  mutation('jobs/visibility.ts', "rule === 'all' ? filter : [...filter, rule]", 'filter', 'jobs/visibility'),
  mutation('jobs/visibility.ts', 'if (isStaff(user)) scopes', "if (user.name !== '') scopes", 'jobs/visibility'),
  mutation(
    'jobs/visibility.ts',
    'return scope === user.name;',
    "return scope !== '';",
    'jobs/visibility',
    'routes/tags',
  ),
  mutation('archive/layout.ts', "&& name !== '.' && name !== '..'", '', 'archive/layout'),
  mutation('archive/layout.ts', '!/[/\\\\\\u0000-\\u001f]/.test(name)', "name !== ''", 'archive/layout'),
  mutation('archive/files.ts', 'if (stats.size > limitBytes)', 'if (stats.size > 2 ** 60)', 'archive/odd-files'),
];
