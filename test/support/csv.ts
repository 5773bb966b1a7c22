/** A field of CSV: a text was quoted, a number was not. */
export type CsvField = { text: string } | { number: string };

/** Reads CSV by RFC 4180, strictly. Throws if a line does not end with CRLF or has a field that is neither kind. */
export function csvRows(csv: string): CsvField[][] {
  const rows: CsvField[][] = [];
  let row: CsvField[] = [];
  const field = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/y;
  while (field.lastIndex < csv.length) {
    const at = field.lastIndex;
    const found = field.exec(csv);
    if (found === null) throw new Error(`no field of CSV: ${JSON.stringify(csv.slice(at, at + 100))}`);
    const [, quoted, bare = '', end] = found;
    row.push(quoted === undefined ? { number: bare } : { text: quoted.replaceAll('""', '"') });
    if (end === ',') continue;
    rows.push(row);
    row = [];
  }
  return rows;
}

/** The rows of CSV below its header, as objects. */
export function csvObjects(csv: string): Record<string, string>[] {
  const textOf = (field: CsvField | undefined) => Object.values(field ?? {})[0] ?? '';
  const [header = [], ...rows] = csvRows(csv);
  return rows.map((row) => Object.fromEntries(header.map((name, at) => [textOf(name), textOf(row[at])])));
}
