/** A piece of a help text: where its first and its other lines begin, and its words, which may be wrapped. */
interface Piece {
  readonly begin: string;
  readonly indent: number;
  readonly words: string[];
}

/** An option and, after two spaces or more, what it does. */
const TWO_COLUMNS = /^( {2,}\S(?:.*?\S)? {2,})(\S.*)$/;
const SYNOPSIS = /^cc-jobs /;
const OPTION = /^ *(?:--|\[)/;
/** The words of a synopsis, with a bracket as one word. */
const PARTS = /\[[^\]]*\]\S*|\S+/g;
/** Where further lines of a synopsis begin. */
const SYNOPSIS_INDENT = 8;

/** Wraps the usage of a command at `width` columns. Lines of one paragraph, or of one option, are joined first. */
export function wrappedHelp(text: string, width: number): string {
  const lines: string[] = [];
  let open: Piece | undefined;
  const close = () => {
    if (open !== undefined) lines.push(...folded(open, width));
    open = undefined;
  };
  for (const line of text.split('\n')) {
    const indent = line.length - line.trimStart().length;
    const [, begin, words] = TWO_COLUMNS.exec(line) ?? [];
    const isProse = open !== undefined && open.indent === indent && begin === undefined && !OPTION.test(line);
    if (line !== '' && isProse) {
      open?.words.push(...line.trim().split(' '));
      continue;
    }
    close();
    if (line === '') lines.push('');
    else if (SYNOPSIS.test(line)) lines.push(...folded(synopsis(line), width));
    else if (begin !== undefined) open = { begin, indent: begin.length, words: (words ?? '').split(' ') };
    else if (OPTION.test(line) && line.trim().startsWith('[')) lines.push(line);
    else open = { begin: ' '.repeat(indent), indent, words: line.trim().split(' ') };
  }
  close();
  return lines.join('\n');
}

function synopsis(line: string): Piece {
  return { begin: '', indent: SYNOPSIS_INDENT, words: line.match(PARTS) ?? [] };
}

function folded({ begin, indent, words: [first = '', ...words] }: Piece, width: number): string[] {
  const lines: string[] = [];
  let line = begin + first;
  for (const word of words) {
    if (line.length + 1 + word.length <= width) line += ` ${word}`;
    else {
      lines.push(line);
      line = ' '.repeat(indent) + word;
    }
  }
  return [...lines, line];
}
