/** The states of a column index; only a ready one is asked. */
export type IndexState =
  /** Its process starts, or another one builds it: with so many jobs so far. */
  | { readonly name: 'building'; readonly rows: number }
  | { readonly name: 'ready'; readonly rows: number }
  /** It has missed changes, lost its process or its file: it is tried again after a pause, which grows with each failure. */
  | { readonly name: 'stale'; readonly reason: string }
  /** It cannot hold the data: it looks again after a long pause. */
  | { readonly name: 'unsuitable'; readonly reason: string };

const NEXT: Readonly<Record<IndexState['name'], readonly IndexState['name'][]>> = {
  building: ['building', 'ready', 'stale', 'unsuitable'],
  ready: ['stale', 'unsuitable'],
  stale: ['stale', 'building'],
  unsuitable: ['unsuitable', 'building'],
};

export function mayBecome(now: IndexState, next: IndexState): boolean {
  return NEXT[now.name].includes(next.name);
}
