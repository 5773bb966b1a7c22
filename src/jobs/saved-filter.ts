import { Fault } from '../faults.ts';
import { BOUNDS } from './input-bounds.ts';

/**
 * The keys of our own rows in the table of settings begin with this. cc-backend's front end has no such keys: it neither
 * changes nor deletes these rows.
 */
export const OWN_SETTINGS = 'ccjobs_';
const SAVED_FILTER = `${OWN_SETTINGS}filter:`;

/** The pages with a filter in their address. */
export const SAVED_PAGES = ['jobs', 'statistics', 'timeline'] as const;
export type SavedPage = (typeof SAVED_PAGES)[number];

/** A filter that a user has saved, with the other parameters of its page. */
export interface SavedFilter {
  readonly name: string;
  readonly page: SavedPage;
  /** The query of the page's address. */
  readonly query: string;
}

/** Returns the key of a saved filter in the table of settings. Throws invalid_request if the name is invalid. */
export function savedFilterKey(name: string): string {
  const { most } = BOUNDS.savedFilterName;
  if (name === '' || name.length > most || /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/u.test(name) || name !== name.trim()) {
    throw new Fault(
      'invalid_request',
      `the name of a saved filter must have 1 to ${most} characters, without control characters, and without spaces at its ends`,
    );
  }
  // No address can end in these.
  if (name === '.' || name === '..') throw new Fault('invalid_request', 'a saved filter cannot have the name . or ..');
  return `${SAVED_FILTER}${name}`;
}

/** The keys of all saved filters: from the first one to before the second one. */
export const SAVED_FILTER_KEYS = [SAVED_FILTER, SAVED_FILTER.replace(':', ';')] as const;

/** Returns the value stored for a saved filter. It is JSON, as cc-backend expects of every value. */
export function savedFilterValue({ page, query }: Omit<SavedFilter, 'name'>): string {
  return JSON.stringify({ page, query });
}

/** Reads stored rows. Rows in which another program has written something else are left out. */
export function savedFiltersIn(rows: readonly { key: string | null; value: string | null }[]): SavedFilter[] {
  return rows.flatMap(({ key, value }) => {
    const { page, query } = value === null ? {} : parsed(value);
    const known = SAVED_PAGES.find((one) => one === page);
    if (key === null || known === undefined || typeof query !== 'string') return [];
    return query.length > BOUNDS.savedFilter.most ? [] : [{ name: key.slice(SAVED_FILTER.length), page: known, query }];
  });
}

function parsed(text: string): { page?: unknown; query?: unknown } {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    return {};
  }
}
