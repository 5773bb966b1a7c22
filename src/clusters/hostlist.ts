/** Maximum number of hosts in one list: Slurm's own limit for one range, and far above any job. */
export const MAX_HOSTS = 65_536;

/** The host list is invalid. The message quotes it (shortened). */
export class BadHostList extends Error {
  override readonly name = 'BadHostList';
}

/**
 * Expands a Slurm host list in its order: `n[1-3,05-07,9]`, `a[1-2]b[3-4]` (the last bracket varies fastest),
 * `n[1-2]-ib`, several terms separated by commas. Leading zeros of a range's first number set the width of all its
 * numbers. Throws BadHostList if the list is invalid or has more than MAX_HOSTS hosts.
 */
export function expandHostList(source: string): string[] {
  const hosts: string[] = [];
  for (const term of splitTerms(source)) {
    let names = [''];
    for (const part of partsOf(term, source)) {
      const pieces = part.startsWith('[') ? bracket(part.slice(1, -1), source) : [part];
      if (hosts.length + names.length * pieces.length > MAX_HOSTS) throw tooMany(source);
      names = names.length === 1 ? pieces.map((piece) => names[0] + piece) : cross(names, pieces);
    }
    if (hosts.length + names.length > MAX_HOSTS) throw tooMany(source);
    hosts.push(...names);
  }
  return hosts;
}

function cross(names: readonly string[], pieces: readonly string[]): string[] {
  return names.flatMap((name) => pieces.map((piece) => name + piece));
}

/** Splits at commas outside of brackets. Blanks around a term and empty terms are dropped. */
function splitTerms(source: string): string[] {
  if (!source.includes('[') && !source.includes(',')) return source.trim() === '' ? [] : [source.trim()];
  const terms = source.match(/(?:\[[^\]]*\]?|[^,[])+/g) ?? [];
  return terms.map((term) => term.trim()).filter((term) => term !== '');
}

function partsOf(term: string, source: string): string[] {
  if (/^[^[\]\s()]+$/.test(term)) return [term];
  if (!/^(?:\[[^[\]]*\]|[^[\]\s()]+)+$/.test(term)) throw new BadHostList(`'${shortened(source)}' is not a host list`);
  return term.match(/\[[^\]]*\]|[^[]+/g) ?? [];
}

/** The numbers of one bracket as strings. */
function bracket(inner: string, source: string): string[] {
  const numbers: string[] = [];
  for (const range of inner.split(',')) {
    const [, from, to = from] = /^(\d{1,15})(?:-(\d{1,15}))?$/.exec(range.trim()) ?? [];
    if (from === undefined || to === undefined || Number(to) < Number(from)) {
      throw new BadHostList(`'${shortened(range)}' in '${shortened(source)}' is not a range of numbers`);
    }
    const last = Number(to);
    if (numbers.length + last - Number(from) >= MAX_HOSTS) throw tooMany(source);
    for (let number = Number(from); number <= last; number++) {
      numbers.push(String(number).padStart(from.length, '0'));
    }
  }
  return numbers;
}

function tooMany(source: string): BadHostList {
  return new BadHostList(`'${shortened(source)}' names more than ${MAX_HOSTS} hosts`);
}

function shortened(text: string): string {
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}
