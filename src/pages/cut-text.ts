import { SHOWN_CHARACTERS } from '../jobs/cut-lengths.ts';
import { type Html, html } from './html.ts';

/** The length of an address up to which each row of a table repeats it. */
export const REPEATED_QUERY_CHARACTERS = 2_000;

/** Cuts a text for a page and marks the cut with an ellipsis. */
export function cut(text: string, most = SHOWN_CHARACTERS): string {
  return text.length > most ? `${text.slice(0, most).toWellFormed()}…` : text;
}

/** Returns the first items of a list, and a note on the others. */
export function firstOf<Item>(
  list: readonly Item[],
  most: number,
  rest: (count: number) => Html,
): [readonly Item[], Html] {
  return [list.slice(0, most), list.length > most ? rest(list.length - most) : html``];
}
