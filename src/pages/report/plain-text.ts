import type { ReportTable, ReportTables } from './report-tables.ts';

/** Writes a report as plain text, for a terminal or a mail. */
export function reportText({ title, notes, tables }: ReportTables): string {
  const parts = [printable(title), ...notes, ...tables.map(tableText)];
  return `${parts.join('\n\n')}\n`;
}

function tableText({ title, columns, rows }: ReportTable): string {
  if (rows.length === 0) return `${title}\n  None.`;
  const lines = [columns, ...rows.map((row) => row.map(printable))];
  const widths = columns.map((_, at) => Math.max(...lines.map((line) => lengthOf(line[at]))));
  const text = (line: readonly string[]) =>
    line
      .map((cell, at) => {
        const space = ' '.repeat((widths[at] ?? 0) - lengthOf(cell));
        return at === 0 ? `${cell}${space}` : `${space}${cell}`;
      })
      .join('  ')
      .trimEnd();
  return [title, ...lines.map((line) => `  ${text(line)}`)].join('\n');
}

/** Replaces the characters that a terminal would obey, and those that change the direction of a line. */
function printable(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, '?');
}

function lengthOf(text = ''): number {
  return [...text].length;
}
