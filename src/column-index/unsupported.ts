/** A database that a column index cannot answer for so that every answer is that of the SQL: odd data. It then declines. */
export class Unsuitable extends Error {
  override readonly name = 'Unsuitable';
}

/** The index has missed changes, or cannot be trusted: it has to be built again. */
export class Stale extends Error {
  override readonly name = 'Stale';
}
