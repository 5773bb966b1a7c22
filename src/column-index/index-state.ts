/** The states of a column index. Only a ready index is used. */
export type IndexState =
  /** Its process starts, or another process builds it. `rows` is the number of jobs read so far. */
  | { readonly name: 'building'; readonly rows: number }
  | { readonly name: 'ready'; readonly rows: number }
  /** It missed changes, or lost its process or file. It is tried again after a pause that grows with each failure. */
  | { readonly name: 'stale'; readonly reason: string }
  /** It does not support the data. It is tried again after a long pause. */
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
