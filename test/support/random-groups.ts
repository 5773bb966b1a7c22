import fc from 'fast-check';
import { GROUPS, type Group } from '../../src/jobs/groups.ts';

/** None, one or two of all groups. */
export const randomGroupBy: fc.Arbitrary<readonly Group[] | undefined> = fc.oneof(
  fc.constant(undefined),
  fc.constantFrom(...GROUPS).map((group) => [group]),
  fc
    .tuple(fc.constantFrom(...GROUPS), fc.constantFrom(...GROUPS))
    .filter(([one, other]) => one !== other)
    .map((pair): readonly Group[] => pair),
);

/** Zones with clock changes, a quarter of an hour, and a day that was skipped. */
export const ZONES = ['Europe/Berlin', 'America/Sao_Paulo', 'Asia/Kathmandu', 'Pacific/Apia'] as const;
export const randomZone = fc.constantFrom(undefined, 'UTC', ...ZONES);
