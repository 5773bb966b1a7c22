/** The column index: odd data, changes, deadlines. */
import { type Mutation, mutation } from './mutation.ts';

export const COLUMNS: readonly Mutation[] = [
  mutation('columns/source.ts', 'WHERE tag_scope IN (SELECT', 'WHERE 1 OR tag_scope IN (SELECT', 'columns/callers'),
  mutation('columns/index.ts', ' || hasManyPatterns(question)', '', 'columns/callers'),
  mutation('columns/follow.ts', 'if (ids.length > MOST_CHANGES)', 'if (ids.length > 1e12)', 'columns/index'),
  mutation('columns/child/columns.ts', 'index?.interrupt();', '', 'columns/deadline'),
  mutation('columns/columns.ts', 'NOT ifnull(job.has_mark, 0)', '1', 'columns/odd-values'),
  mutation('columns/rows/careful.ts', ') IS NOT TRUE`', ') IS NULL`', 'columns/odd-values'),
  mutation('columns/rows/job-reader.ts', 'Number(odd) > 0', 'Number(odd) > 1e9', 'columns/odd-values'),
  mutation('columns/rows/raw-lines.ts', ' || value >= bound)', ')', 'columns/odd-values'),
  mutation(
    'columns/rows/plain.ts',
    "error.message.includes('JSON cannot hold BLOB values')",
    "error.message === ''",
    'columns/odd-values',
  ),
  mutation('columns/rows/plain-lines.ts', 'digits > PLAIN_DIGITS', 'digits > 99', 'columns/rows'),
  mutation('columns/rows/json-cursor.ts', 'if (depth > MOST_DEPTH)', 'if (depth > 1e9)', 'columns/rows'),
  mutation('columns/rows/which.ts', 'last - first !== BigInt(ids.length - 1)', 'last < first', 'columns/rows'),
];
