/** One line of a result. `ok` is undefined if there is no limit. */
export interface Check {
  what: string;
  limit: string;
  measured: string;
  ok: boolean | undefined;
}

/** A value with an upper limit. */
export function atMost(what: string, value: number, limit: number, unit = ''): Check {
  return { what, limit: `≤ ${shown(limit)}${unit}`, measured: `${shown(value)}${unit}`, ok: value <= limit };
}

/** A value with a lower limit. */
export function atLeast(what: string, value: number, limit: number, unit = ''): Check {
  return { what, limit: `≥ ${shown(limit)}${unit}`, measured: `${shown(value)}${unit}`, ok: value >= limit };
}

/** A value without a limit, for comparison. */
export function fact(what: string, measured: string): Check {
  return { what, limit: '', measured, ok: undefined };
}

/** Values in ascending order, for percentiles. */
export function sorted(values: readonly number[]): number[] {
  return values.toSorted((a, b) => a - b);
}

/** The value below which `share` (0 to 1) of the values lie. 0 without values. */
export function percentile(values: readonly number[], share: number): number {
  return sorted(values)[Math.min(values.length - 1, Math.floor(values.length * share))] ?? 0;
}

/** Formats values like `p50 1.2, p99 8.0, max 9.1 ms`. */
export function spread(values: readonly number[], unit = ' ms'): string {
  const at = (share: number) => shown(percentile(values, share));
  return `p50 ${at(0.5)}, p99 ${at(0.99)}, max ${at(1)}${unit} (${values.length})`;
}

/** Formats a number with three significant digits and thousands separators. */
export function shown(value: number): string {
  const digits = Math.abs(value) >= 100 || Number.isInteger(value) ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

/** Prints the result as a Markdown table. */
export function printChecks(name: string, checks: readonly Check[], seconds: number): void {
  const lines = checks.map(({ what, limit, measured, ok }) => [
    what,
    limit,
    measured,
    ok === undefined ? '' : ok ? 'ok' : 'MISS',
  ]);
  process.stdout.write(`\n${name} (${Math.round(seconds)} s)\n\n${markdown(['', 'limit', 'measured', ''], lines)}\n`);
}

/** A Markdown table with aligned columns. */
export function markdown(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, at) => Math.max(3, title.length, ...rows.map((row) => row[at]?.length ?? 0)));
  const line = (cells: readonly string[]) =>
    `| ${widths.map((width, at) => (cells[at] ?? '').padEnd(width)).join(' | ')} |\n`;
  return line(head) + line(widths.map((width) => '-'.repeat(width))) + rows.map(line).join('');
}
