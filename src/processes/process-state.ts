/** The states of a process. Only `become` changes the state. */
export type State =
  | { name: 'starting' }
  | { name: 'idle'; since: number }
  /** It works on at least one call. */
  | { name: 'busy' }
  /** Its calls end with the process. */
  | { name: 'stopping' }
  | { name: 'gone' };

/** The states that can follow each state. */
export const NEXT: Readonly<Record<State['name'], readonly State['name'][]>> = {
  starting: ['idle', 'stopping', 'gone'],
  idle: ['busy', 'stopping', 'gone'],
  busy: ['busy', 'idle', 'stopping', 'gone'],
  stopping: ['gone'],
  gone: [],
};
