/** A database that a column index cannot answer for so that every answer is that of the SQL: odd data. It then declines. */
export class Unsupported extends Error {
  override readonly name = 'Unsupported';
}

/** The index has missed changes, or cannot be trusted: it has to be built again. */
export class Outdated extends Error {
  override readonly name = 'Outdated';
}
