/** The states of a column index; only a ready one is asked. */
export type ColumnState =
  /** It will not be tried again before the next start of the service. */
  | { readonly name: 'off'; readonly reason: string }
  /** Its process starts, or fills it: with so many jobs so far. */
  | { readonly name: 'building'; readonly rows: number }
  | { readonly name: 'ready'; readonly rows: number }
  /** It has missed changes, lost its process or its file: it is built again soon. */
  | { readonly name: 'stale'; readonly reason: string }
  /** The data is none for it. */
  | { readonly name: 'unsuitable'; readonly reason: string };

const NEXT: Readonly<Record<ColumnState['name'], readonly ColumnState['name'][]>> = {
  off: [],
  building: ['building', 'ready', 'stale', 'unsuitable', 'off'],
  ready: ['stale', 'unsuitable', 'off'],
  stale: ['stale', 'building', 'off'],
  unsuitable: ['off'],
};

export function mayBecome(now: ColumnState, next: ColumnState): boolean {
  return NEXT[now.name].includes(next.name);
}
