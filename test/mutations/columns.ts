/** The column index: odd data, changes, deadlines. */
import { type Mutation, mutation } from './mutation.ts';

export const COLUMNS: readonly Mutation[] = [
  mutation('columns/source.ts', 'WHERE tag_scope IN (SELECT', 'WHERE 1 OR tag_scope IN (SELECT', 'columns/callers'),
  mutation('columns/index.ts', ' || hasManyPatterns(question)', '', 'columns/callers'),
  mutation('columns/follow.ts', 'if (ids.length > MOST_CHANGES)', 'if (ids.length > 1e12)', 'columns/index'),
  mutation('columns/child/columns.ts', 'index?.interrupt();', '', 'columns/deadline'),
  mutation('columns/columns.ts', ' && stored <= most && stored >= -most', '', 'columns/odd-values'),
  mutation(
    'columns/job-reader.ts',
    'if (value === undefined) throw',
    'if (value === null) throw',
    'columns/odd-values',
  ),
  mutation('columns/job-reader.ts', "if (texts.includes('\\0'))", "if (texts === '\\0')", 'columns/equality'),
  mutation('columns/job-reader.ts', 'if (json.includes(HOST_MARK))', 'if (json === HOST_MARK)', 'columns/odd-values'),
  mutation('columns/sqlite-json.ts', '\\d{1,7}|', '\\d{1,99}|', 'columns/job-reader'),
  mutation('columns/sqlite-json.ts', "count(json, '[') > MOST_DEPTH", "count(json, '[') > 1e9", 'columns/job-reader'),
  mutation('columns/sqlite-json.ts', 'integer <= MOST_EXACT && ', '', 'columns/odd-values'),
  mutation('columns/footprint-keys.ts', ' || !isFootprintKey(key)', '', 'columns/job-reader'),
  mutation('columns/footprint-keys.ts', 'this.#keys.size > MOST_KEYS', 'this.#keys.size > 1e9', 'columns/job-reader'),
  mutation('columns/reader-thread.ts', 'throw new Unsuitable', 'throw new Error', 'columns/odd-values'),
  mutation('columns/follow.ts', 'most - least === BigInt(ids.length - 1)', 'most >= least', 'columns/index'),
];
