import type { NodeStateHistory } from '../../questions/nodes/question.ts';

/** The states of a node from a time on, until the next entry. '' is unknown. */
export interface StateSince {
  since: number;
  scheduler: string;
  health: string;
}

/** Returns the changes in the reports of one node, newest first, at most `most`. */
export function statesOf(
  histories: { scheduler: readonly NodeStateHistory[]; health: readonly NodeStateHistory[] },
  most: number,
): StateSince[] {
  const reports = (['scheduler', 'health'] as const)
    .flatMap((kind) => histories[kind].flatMap(({ state, times }) => times.map((since) => ({ since, kind, state }))))
    .sort((a, b) => a.since - b.since);
  const changes: StateSince[] = [];
  for (const { since, kind, state } of reports) {
    const last = changes.at(-1) ?? { since, scheduler: '', health: '' };
    if (last[kind] === state) continue;
    const next = { ...last, since, [kind]: state };
    if (last.since === since) changes.splice(-1, 1, next);
    else changes.push(next);
  }
  return changes.reverse().slice(0, most);
}
