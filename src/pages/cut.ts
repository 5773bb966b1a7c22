import { type Html, html } from './html.ts';

/** Characters of a name, a tag or a host that a page shows; the whole of a longer one stands in the answers of the API. */
export const SHOWN_CHARACTERS = 200;
/** Longer addresses are not repeated in each row of a table. */
export const REPEATED_QUERY_CHARACTERS = 2_000;

/** A text as far as a page shows it, with a mark where it goes on. */
export function cut(text: string, most = SHOWN_CHARACTERS): string {
  return text.length > most ? `${text.slice(0, most).toWellFormed()}…` : text;
}

/** The first of a list that may be long, and what is said of the others. */
export function firstOf<Item>(
  list: readonly Item[],
  most: number,
  rest: (count: number) => Html,
): [readonly Item[], Html] {
  return [list.slice(0, most), list.length > most ? rest(list.length - most) : html``];
}
