import { Fault } from '../../faults.ts';
import { GROUPS, type Group, type Grouping, isBounded, MOST_GROUPINGS, MOST_GROUPS } from '../../jobs/groups.ts';
import { DEFAULT_PAGE_SIZE } from '../../jobs/page-sizes.ts';
import { groupsFor, type VisibleJobs } from '../../jobs/visibility.ts';
import { count, once } from './query-parameters.ts';
import { ofParameter, oneOf, parameterNamed } from './query-values.ts';

const NAMES = GROUPS.join('|');

/** `otherwise` is the description of an answer without groups. */
export function groupBy(otherwise: string) {
  return once((text) => groupsIn(text, GROUPS), undefined, {
    description: `one of ${GROUPS.join(', ')}, or two of them separated by a comma; ${otherwise}`,
    example: 'user,month',
    pattern: `^(${NAMES})(,(${NAMES}))?$`,
  });
}

/** The parameters of the pages of groups. */
export const GROUP_PAGES = {
  page: count(undefined, 'page number, starting at 1; default 1'),
  'items-per-page': count(undefined, `groups per page; default ${DEFAULT_PAGE_SIZE.groupsOfApi}`),
};

interface AskedGroups {
  readonly 'group-by'?: readonly Group[] | undefined;
  readonly page?: number | undefined;
  readonly 'items-per-page'?: number | undefined;
}

/** Returns the groups that a request asks for. Throws invalid_request. */
export function groupingOf(
  jobs: VisibleJobs,
  { 'group-by': names, page, 'items-per-page': itemsPerPage }: AskedGroups,
): Grouping {
  if (names === undefined) return {};
  const groupBy = ofParameter('group-by', () => groupsIn(names.join(), groupsFor(jobs)));
  const isPaged = (page ?? itemsPerPage) !== undefined;
  const most = isBounded(groupBy) ? MOST_GROUPS : undefined;
  if (most !== undefined && itemsPerPage !== undefined && itemsPerPage > most) {
    throw new Fault('invalid_request', `${parameterNamed('items-per-page')} must be at most ${most} with these groups`);
  }
  return {
    groupBy,
    page: isPaged ? { page: page ?? 1, itemsPerPage: itemsPerPage ?? DEFAULT_PAGE_SIZE.groupsOfApi } : undefined,
    most,
  };
}

function groupsIn(text: string, known: readonly Group[]): Group[] {
  const names = text.split(',').map((name) => oneOf(name, known));
  if (names.length > MOST_GROUPINGS) throw new Fault('invalid_request', `must name at most ${MOST_GROUPINGS} groups`);
  if (new Set(names).size < names.length) throw new Fault('invalid_request', 'must name different groups');
  return names;
}
