/** The column index, what users may see, and the files of the archive. */
import { type Mutation, mutation } from './mutation.ts';

export const OTHERS: readonly Mutation[] = [
  mutation(
    'column-index/question-queue.ts',
    'const key = keyOf(question);',
    'const key: string = question.kind;',
    'column-index/callers',
  ),
  mutation('questions/where/duckdb.ts', '.filter((id) => context.readableTags.has(id))', '', 'column-index/callers'),
  mutation(
    'questions/where/duckdb.ts',
    "textMatches('hpc_user', 'is', [condition.user], context)",
    "textMatches('hpc_user', 'contains', [condition.user], context)",
    'column-index/callers',
  ),
  mutation(
    'column-index/index-file.ts',
    'if (!isInterrupt(error)) return;',
    'if (isInterrupt(error)) return;',
    'column-index/transaction',
  ),
  mutation('jobs/job-bounds.ts', 'if (value > most)', 'if (value > most + 1n)', 'jobs/every-way-in'),
  mutation(
    'jobs/job-bounds.ts',
    '[...STORED_FIELDS.filter(',
    '[...STORED_FIELDS.slice(1).filter(',
    'jobs/every-way-in',
  ),
  mutation('import/batch.ts', 'if (problem !== undefined)', 'if (false)', 'jobs/every-way-in'),
  mutation('jobs/submit-time.ts', 'time <= startTime', 'time > 0', 'import/submit-time'),
  mutation('db/sql/stored-submit-time.ts', ' <= job.start_time', ' > 0', 'import/submit-time'),
  mutation('jobs/roles.ts', "user.roles.has('api') && rightsOf(user)", 'rightsOf(user)', 'http/auth'),
  mutation('jobs/roles.ts', "roles.size === 1 && roles.has('api')", "roles.has('api')", 'http/auth'),
  mutation('jobs/roles.ts', '.filter((role) => other.roles.has(role))', '', 'jobs/roles'),
  mutation(
    'jobs/roles.ts',
    'user.projects.filter((project) => other.projects.includes(project))',
    'user.projects',
    'jobs/roles',
  ),
  mutation('jobs/roles.ts', 'roles.clear();', '', 'jobs/roles'),
  mutation(
    'jobs/roles.ts',
    'held.some(({ readsTags }) => readsTags.includes(scope))',
    'held.length > 0',
    'jobs/visibility',
  ),
  mutation(
    'jobs/visibility.ts',
    "jobs === 'all' ? filter : [...filter, ownedBy(user, jobs)]",
    'filter',
    'jobs/visibility',
  ),
  mutation('jobs/visibility.ts', 'hidesNames ? { named: ownedBy(user, names) } : {}', '{}', 'routes/roles-walk'),
  mutation(
    'jobs/visibility.ts',
    'if (hidesNames && filter.some',
    'if (filter.length > 9 && filter.some',
    'routes/roles-walk',
  ),
  mutation('jobs/visibility.ts', ': scope === user.name;', ": scope !== '';", 'jobs/visibility', 'routes/tags'),
  mutation('archive/layout.ts', "&& name !== '.' && name !== '..'", '', 'archive/layout'),
  mutation('archive/layout.ts', '!/[/\\\\\\u0000-\\u001f]/.test(name)', "name !== ''", 'archive/layout'),
  mutation('archive/files.ts', 'if (stats.size > limitBytes)', 'if (stats.size > 2 ** 60)', 'archive/odd-files'),
];
