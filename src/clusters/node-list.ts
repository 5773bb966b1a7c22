/** One range of a bracket. Both ends and all matching numbers have `digits` digits. */
interface NumberRange {
  from: number;
  to: number;
  digits: number;
}

/** A term is a sequence of fixed strings and brackets. A host name must contain all of them in this order. */
type Part = { text: string } | { ranges: NumberRange[] };

/** The nodes of a subcluster: `n[01-10,21-30],login1` (contract/archive.md §6). */
export interface NodeList {
  readonly terms: readonly (readonly Part[])[];
}

/** Parses a node list. Throws an Error that names the invalid term and the reason. */
export function parseNodeList(source: string): NodeList {
  return { terms: splitTerms(source).map(parseTerm) };
}

/** Splits at commas outside of brackets. */
function splitTerms(source: string): string[] {
  const terms = source.match(/(?:\[[^\]]*\]?|[^,[])+/g) ?? [];
  // A node list such as ",a" or "a,,b" has fewer terms than commas + 1.
  const commas = source.replace(/\[[^\]]*\]?/g, '').split(',').length - 1;
  if (terms.length !== commas + 1) throw new Error(`node list '${source}' has an empty term`);
  return terms;
}

function parseTerm(term: string): Part[] {
  const parts = term.match(/\[[^\]]*\]|[A-Za-z0-9-]+|./gsu) ?? [];
  return parts.map((part) => {
    if (/^[A-Za-z0-9-]+$/.test(part)) return { text: part };
    if (!part.startsWith('[') || !part.endsWith(']')) {
      throw new Error(`node list term '${term}' holds '${part}': only letters, digits, - and [from-to] are allowed`);
    }
    return {
      ranges: part
        .slice(1, -1)
        .split(',')
        .map((range) => parseRange(range, term)),
    };
  });
}

function parseRange(range: string, term: string): NumberRange {
  const [, from, to] = /^(\d{1,15})-(\d{1,15})$/.exec(range) ?? [];
  if (from === undefined || to === undefined) {
    throw new Error(`node list term '${term}' holds '${range}' instead of a range such as 01-10`);
  }
  if (from.length !== to.length) {
    throw new Error(`node list term '${term}': both ends of '${range}' need the same number of digits`);
  }
  return { from: Number(from), to: Number(to), digits: from.length };
}

/** True if the list contains the host with exactly the digits of its range: `n[01-10]` contains neither n1 nor n011. */
export function nodeListHas(list: NodeList, host: string): boolean {
  return list.terms.some((parts) => {
    let at = 0;
    for (const part of parts) {
      const length = 'text' in part ? matchText(part.text, host, at) : matchRange(part.ranges, host, at);
      if (length === 0) return false;
      at += length;
    }
    return at === host.length;
  });
}

function matchText(text: string, host: string, at: number): number {
  return host.startsWith(text, at) ? text.length : 0;
}

function matchRange(ranges: readonly NumberRange[], host: string, at: number): number {
  for (const { from, to, digits } of ranges) {
    const numerals = host.slice(at, at + digits);
    if (numerals.length !== digits || !/^\d+$/.test(numerals)) continue;
    const value = Number(numerals);
    if (value >= from && value <= to) return digits;
  }
  return 0;
}

/** The number of nodes in the list. As in cc-backend, it counts duplicates and only the first two parts of a term. */
export function countNodes(list: NodeList): number {
  let count = 0;
  for (const parts of list.terms) {
    const ranges = parts.slice(0, 2).flatMap((part) => ('ranges' in part ? part.ranges : []));
    const inTerm = ranges.reduce((sum, { from, to }) => sum + Math.max(0, to - from + 1), 0);
    count += ranges.length === 0 ? 1 : inTerm;
  }
  return count;
}

/** Yields the hosts of the list that begin with a text. */
export function* hostsFrom(list: NodeList, prefix: string): Generator<string, void, void> {
  for (const parts of list.terms) yield* completed(parts, prefix, '');
}

/** Yields the ways to go on with `parts` after the text `begun`. Ranges are limited to what the prefix allows. */
function* completed(parts: readonly Part[], prefix: string, begun: string): Generator<string, void, void> {
  if (!begun.startsWith(prefix) && !prefix.startsWith(begun)) return;
  const [part, ...rest] = parts;
  if (part === undefined) {
    if (begun.startsWith(prefix)) yield begun;
  } else if ('text' in part) {
    yield* completed(rest, prefix, begun + part.text);
  } else {
    for (const { from, to, digits } of part.ranges) {
      const asked = prefix.slice(begun.length, begun.length + digits);
      if (!/^\d*$/.test(asked)) continue;
      const last = Math.min(to, Number(asked.padEnd(digits, '9')));
      for (let number = Math.max(from, Number(asked.padEnd(digits, '0'))); number <= last; number += 1) {
        yield* completed(rest, prefix, begun + String(number).padStart(digits, '0'));
      }
    }
  }
}
