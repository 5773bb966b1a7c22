/**
 * The metadata at the end of a Parquet file, in the compact protocol of Thrift. Libraries parse it to objects: 1 KB for
 * each column of each row group, and statistics of texts that are not UTF-8 would change. Here row groups stay bytes, in
 * which only the places in the file change.
 */

/** The metadata of a file. What precedes and follows the row groups is equal for all files with the same columns. */
export interface Footer {
  readonly rows: bigint;
  /** Each as it is in the metadata, with places from the start of the file. */
  readonly rowGroups: readonly Uint8Array[];
  /** From the start to the number of rows: the version and the schema. */
  readonly schema: Uint8Array;
  /** Between the number of rows and the row groups. */
  readonly between: Uint8Array;
  /** After the row groups. */
  readonly rest: Uint8Array;
}

/** The fields of FileMetaData. */
const ROWS = 3;
const ROW_GROUPS = 4;

/** The places in a row group, by the numbers of fields: RowGroup, ColumnChunk, ColumnMetaData. */
interface Places {
  readonly [field: number]: 'place' | Places;
}
const PLACES: Places = {
  1: { 3: { 9: 'place', 10: 'place', 11: 'place', 14: 'place' }, 4: 'place', 6: 'place' },
  5: 'place',
};

/** Types of the compact protocol. */
const TYPE = { true: 1, false: 2, byte: 3, i16: 4, i32: 5, i64: 6, double: 7, binary: 8, list: 9, set: 10, struct: 12 };
/** In a list header: the number of members follows. */
const LONG_LIST = 15;
/** Set in each byte of a number but the last. */
const MORE = 128;

/** Throws RangeError if the bytes are not the metadata of a Parquet file. */
export function readFooter(bytes: Uint8Array): Footer {
  const reader = new Reader(bytes);
  let [rows, rowsAt, rowsEnd, groupsAt, groupsEnd] = [0n, -1, 0, -1, 0];
  const rowGroups: Uint8Array[] = [];
  for (let field = reader.field(0); field !== undefined; field = reader.field(field.id)) {
    if (field.id === ROWS && field.type === TYPE.i64) {
      rowsAt = reader.at;
      rows = unzigzag(reader.varint());
      rowsEnd = reader.at;
    } else if (field.id === ROW_GROUPS && field.type === TYPE.list) {
      groupsAt = reader.at;
      const { size, type } = reader.listHeader();
      for (let nth = 0; nth < size; nth += 1) {
        const from = reader.at;
        reader.skip(type);
        rowGroups.push(bytes.slice(from, reader.at));
      }
      groupsEnd = reader.at;
    } else reader.skip(field.type);
  }
  if (rowsAt < 0 || groupsAt < rowsEnd || reader.at !== bytes.byteLength) throw new RangeError('not a Parquet footer');
  return {
    rows,
    rowGroups,
    schema: bytes.slice(0, rowsAt),
    between: bytes.slice(rowsEnd, groupsAt),
    rest: bytes.slice(groupsEnd),
  };
}

/** The metadata as bytes, in parts. */
export function footerParts({ rows, rowGroups, schema, between, rest }: Footer): Uint8Array[] {
  const size = rowGroups.length;
  const list =
    size < LONG_LIST ? [(size << 4) | TYPE.struct] : [(LONG_LIST << 4) | TYPE.struct, ...varint(BigInt(size))];
  return [schema, Uint8Array.from(varint(zigzag(rows))), between, Uint8Array.from(list), ...rowGroups, rest];
}

/** A row group whose bytes are `by` bytes further on in the file. */
export function moved(rowGroup: Uint8Array, by: bigint): Uint8Array {
  const reader = new Reader(rowGroup);
  const parts: number[] = [];
  let copied = 0;
  const copyTo = (at: number) => {
    for (; copied < at; copied += 1) parts.push(rowGroup[copied] ?? 0);
  };
  const struct = (places: Places) => {
    for (let field = reader.field(0); field !== undefined; field = reader.field(field.id)) {
      const place = places[field.id];
      if (place === undefined) reader.skip(field.type);
      else if (place !== 'place') {
        const { size } = field.type === TYPE.list ? reader.listHeader() : { size: 1 };
        for (let nth = 0; nth < size; nth += 1) struct(place);
      } else {
        copyTo(reader.at);
        parts.push(...varint(zigzag(unzigzag(reader.varint()) + by)));
        copied = reader.at;
      }
    }
  };
  struct(PLACES);
  copyTo(rowGroup.byteLength);
  return Uint8Array.from(parts);
}

class Reader {
  readonly #bytes: Uint8Array;
  at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** The header of the next field of a struct after the field `last`. Undefined at the end of the struct. */
  field(last: number): { id: number; type: number } | undefined {
    const header = this.#byte();
    if (header === 0) return undefined;
    const step = header >> 4;
    return { id: step === 0 ? Number(unzigzag(this.varint())) : last + step, type: header & 15 };
  }

  listHeader(): { size: number; type: number } {
    const header = this.#byte();
    const size = header >> 4;
    return { size: size === LONG_LIST ? Number(this.varint()) : size, type: header & 15 };
  }

  varint(): bigint {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = this.#byte();
      value |= BigInt(byte % MORE) << shift;
      if (byte < MORE) return value;
    }
  }

  skip(type: number): void {
    switch (type) {
      case TYPE.true:
      case TYPE.false:
        return; // the type is the value
      case TYPE.byte:
        this.at += 1;
        return;
      case TYPE.i16:
      case TYPE.i32:
      case TYPE.i64:
        while (this.#byte() >= MORE);
        return;
      case TYPE.double:
        this.at += 8;
        return;
      case TYPE.binary: {
        const length = Number(this.varint());
        this.at += length;
        return;
      }
      case TYPE.list:
      case TYPE.set: {
        const { size, type: member } = this.listHeader();
        for (let nth = 0; nth < size; nth += 1)
          this.skip(member === TYPE.true || member === TYPE.false ? TYPE.byte : member);
        return;
      }
      case TYPE.struct:
        for (let field = this.field(0); field !== undefined; field = this.field(field.id)) this.skip(field.type);
        return;
      default:
        throw new RangeError(`unknown type ${type}`); // Parquet has no maps
    }
  }

  #byte(): number {
    const byte = this.#bytes[this.at];
    if (byte === undefined) throw new RangeError('the metadata ends too early');
    this.at += 1;
    return byte;
  }
}

function varint(value: bigint): number[] {
  const bytes: number[] = [];
  let left = value;
  for (; left >= MORE; left >>= 7n) bytes.push(Number(left & 127n) + MORE);
  bytes.push(Number(left));
  return bytes;
}

function zigzag(value: bigint): bigint {
  return value >= 0n ? 2n * value : -2n * value - 1n;
}

function unzigzag(value: bigint): bigint {
  return (value >> 1n) ^ -(value & 1n);
}
