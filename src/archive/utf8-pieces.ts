/** Characters per piece, of one to three bytes each. */
const PIECE = 512 * 1024;
/** The first half of a UTF-16 surrogate pair. */
const HIGH_SURROGATE = /[\uD800-\uDBFF]/;

/** A long text as UTF-8 in pieces that do not split characters. */
export function* piecesOf(text: string): Generator<Uint8Array> {
  const encoder = new TextEncoder();
  for (let from = 0; from < text.length; ) {
    const end = from + PIECE;
    const to = HIGH_SURROGATE.test(text.charAt(end - 1)) ? end + 1 : end;
    yield encoder.encode(text.slice(from, to));
    from = to;
  }
}
