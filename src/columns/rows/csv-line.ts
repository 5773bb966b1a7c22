import { COLUMNS } from '../columns.ts';

const QUOTE = 0x22;
const COMMA = 0x2c;
const LINE_FEED = 0x0a;
const CLUSTER = COLUMNS.findIndex(({ name }) => name === 'cluster');
const SIZE = COLUMNS.findIndex(({ name }) => name === 'num_hwthreads');
/** Behind it there are numbers alone, and no line feed but that of the line. */
const LAST_TEXT = COLUMNS.findLastIndex(({ type }) => type === 'VARCHAR');
const MOST_KIND = 2 ** 30 - 1;

/** A line in the CSV of jobs: where it ends, and of what cluster and size the job is. One object for all: millions are read. */
export class CsvLine {
  /** Where the next line begins. */
  end = 0;
  /** A number for the two: where two pairs have the same, nobody can tell them apart by it. */
  kind = 0;
  #clusterFrom = 0;
  #clusterTo = 0;
  #sizeFrom = 0;

  /** Reads the line at a place. */
  read(csv: Buffer, from: number): void {
    this.kind = 0;
    let at = from;
    for (let field = 0; field <= LAST_TEXT; field += 1) {
      const end = behindField(csv, at);
      if (field === CLUSTER) {
        this.#clusterFrom = at;
        this.#clusterTo = end - 1;
        this.#addToKind(csv, at, end);
      } else if (field === SIZE) {
        this.#sizeFrom = at;
        this.#addToKind(csv, at, end);
      }
      at = end;
    }
    this.end = csv.indexOf(LINE_FEED, at - 1) + 1;
  }

  /** As it stands there. */
  cluster(csv: Buffer): string {
    return csv.toString('latin1', this.#clusterFrom, this.#clusterTo);
  }

  /** Hardware threads. */
  size(csv: Buffer): number {
    return Number.parseInt(csv.toString('latin1', this.#sizeFrom, csv.indexOf(COMMA, this.#sizeFrom)), 10);
  }

  #addToKind(csv: Buffer, from: number, to: number): void {
    let kind = this.kind;
    for (let at = from; at < to; at += 1) kind = (Math.imul(kind, 31) + (csv[at] as number)) & MOST_KIND;
    this.kind = kind;
  }
}

/** Behind the field at a place, and the comma or line feed that ends it. */
function behindField(csv: Buffer, from: number): number {
  let at = from;
  if (csv[at] !== QUOTE) {
    while (at < csv.length && csv[at] !== COMMA) at += 1;
    return at + 1;
  }
  for (at += 1; at < csv.length; at += 1) {
    if (csv[at] !== QUOTE) continue;
    if (csv[at + 1] !== QUOTE) break;
    at += 1; // of a quote in a text there are two
  }
  return at + 2;
}
