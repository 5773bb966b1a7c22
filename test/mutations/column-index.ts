/** The column index: odd data, changes, deadlines. */
import { type Mutation, mutation } from './mutation.ts';

export const COLUMNS: readonly Mutation[] = [
  mutation(
    'column-index/read/source.ts',
    'WHERE tag_scope IN (SELECT',
    'WHERE 1 OR tag_scope IN (SELECT',
    'column-index/callers',
  ),
  mutation('column-index/index-client.ts', ' || hasManyPatterns(question)', '', 'column-index/callers'),
  mutation('column-index/follow.ts', 'if (ids.length > MOST_CHANGES)', 'if (ids.length > 1e12)', 'column-index/index'),
  mutation('column-index/program.ts', 'interrupt: () => index.interrupt(),', '', 'column-index/deadline'),
  mutation('questions/index-columns.ts', ' && stored <= most && stored >= -most', '', 'column-index/odd-values'),
  mutation(
    'column-index/read/job-reader.ts',
    'if (value === undefined) this.#leaveOut',
    'if (value === null) this.#leaveOut',
    'column-index/odd-values',
  ),
  mutation(
    'column-index/read/job-reader.ts',
    "if (texts.includes('\\0'))",
    "if (texts === '\\0')",
    'column-index/equality',
  ),
  mutation(
    'column-index/read/job-reader.ts',
    'if (json.includes(HOST_MARK))',
    'if (json === HOST_MARK)',
    'column-index/odd-values',
  ),
  mutation('column-index/read/sqlite-json.ts', '\\d{1,7}|', '\\d{1,99}|', 'column-index/job-reader'),
  mutation(
    'column-index/read/sqlite-json.ts',
    "count(json, '[') > MOST_DEPTH",
    "count(json, '[') > 1e9",
    'column-index/job-reader',
  ),
  mutation('column-index/read/sqlite-json.ts', 'integer <= MOST_EXACT && ', '', 'column-index/odd-values'),
  mutation('column-index/read/footprint-keys.ts', ' || isFootprintKey(key)', ' || true', 'column-index/job-reader'),
  mutation(
    'column-index/read/footprint-keys.ts',
    'this.#keys.size >= MOST_KEYS',
    'this.#keys.size >= 1e9',
    'column-index/job-reader',
  ),
  mutation('column-index/odd-jobs.ts', 'odd.length <= MOST_ODD', 'odd.length <= 1e9', 'column-index/index'),
  mutation('column-index/session.ts', 'if (meetsOdd) return undefined;', '', 'column-index/odd-values'),
  mutation('column-index/retry-pauses.ts', 'first * 2 **', 'first + 0 *', 'column-index/index'),
  mutation('questions/where/any-of-these.ts', 'allOf([others, ...tags])', 'others', 'column-index/equality'),
  mutation('column-index/follow.ts', 'most - least === BigInt(ids.length - 1)', 'most >= least', 'column-index/index'),
];
