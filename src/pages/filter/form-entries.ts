import { Fault } from '../../faults.ts';
import { ALL_FIELDS, type AnyField, fieldOfParameter, METRIC } from '../../jobs/fields.ts';
import { isFootprintKey } from '../../jobs/filter.ts';
import { hasTimes, type RangeEnd, rangeEndOf } from '../../jobs/time-grammar.ts';
import { formName, isConfigured, OPERATORS } from './form-fields.ts';
import { decimalOf, idsOf, instantOf, notationOf } from './number-notations.ts';

/**
 * The entries of a filter form, as sent by a browser. Their names begin with `f.`, so that they differ from the
 * parameters of a filter, which are those of the API. A form is rendered from entries. The entries that it sends become
 * the filter of an address.
 */
export type Entries = URLSearchParams;

/** The parameter that marks an address made by a form. */
export const SENT = 'form';

const RANGE = /^([^-]*)-([^-]*)$/;

/** Returns the entries for a filter. */
export function entriesOf(query: URLSearchParams): Entries {
  const entries: Entries = new URLSearchParams();
  for (const [parameter, value] of query) {
    const field = fieldOfParameter(parameter);
    if (field !== undefined) addEntries(entries, field, parameter, value);
  }
  return entries;
}

function addEntries(entries: Entries, field: AnyField, parameter: string, value: string): void {
  const name = `f.${formName(field)}`;
  const [isRange, from = '', to = ''] = RANGE.exec(value) ?? [];
  switch (field.kind) {
    case 'text':
    case 'name':
    case 'hosts':
      if (!isConfigured(field)) entries.append(`${name}.is`, parameter.slice(field.name.length));
      entries.append(name, value);
      break;
    case 'member':
    case 'tag':
    case 'schedule':
      entries.append(name, value);
      break;
    case 'id':
      entries.set(name, [entries.get(name), value].filter(Boolean).join(' '));
      break;
    case 'time':
    case 'during':
    case 'ended':
    case 'whole':
    case 'derived':
    case 'decimal':
    case 'fraction':
    case 'footprint': {
      const { write } = notationOf(field);
      if (field.kind === 'footprint') entries.append(name, parameter.slice(METRIC.length));
      if (hasTimes(field) && isRange === undefined) entries.append(name, value);
      entries.append(`${name}.from`, from && write(from));
      entries.append(`${name}.to`, to && write(to));
    }
  }
}

export interface Sent {
  query: URLSearchParams;
  /** Name of a field -> its problem. */
  problems: ReadonlyMap<string, string>;
}

const isChosen = ({ kind }: AnyField) => kind === 'member' || kind === 'tag';
/** The order of the parameters in the address of a filter: fields with a choice first, then the others. */
const IN_ADDRESS = [...ALL_FIELDS.filter(isChosen), ...ALL_FIELDS.filter((field) => !isChosen(field))];

/** Returns the filter for the entries of a form, without the fields that have a problem. */
export function queryOfEntries(entries: Entries): Sent {
  const query = new URLSearchParams();
  const problems = new Map<string, string>();
  for (const field of IN_ADDRESS) {
    try {
      for (const [name, value] of parametersOf(field, entries)) query.append(name, value);
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      problems.set(formName(field), error.message);
    }
  }
  return { query, problems };
}

/** Returns the parameters for the entries of a field. Throws an invalid_request that describes a valid entry. */
function parametersOf(field: AnyField, entries: Entries): Iterable<readonly [string, string]> {
  const { name } = field;
  const entry = `f.${formName(field)}`;
  const values = entries.getAll(entry);
  const named = (texts: readonly string[]) => texts.filter((text) => text !== '').map((text) => [name, text] as const);
  switch (field.kind) {
    case 'text':
    case 'name':
    case 'hosts':
      return isConfigured(field) ? named(values) : typed(name, entries.getAll(`${entry}.is`), values);
    case 'member':
    case 'tag':
      return named(values);
    case 'schedule':
      return named(values.slice(0, 1));
    case 'id':
      return named(idsOf(values[0] ?? ''));
    case 'time':
    case 'during':
    case 'ended':
      return named([values[0] || times(entries, entry, rangeEndOf(field))]);
    case 'whole':
    case 'derived':
    case 'decimal':
    case 'fraction':
      return named([range(entries, entry, notationOf(field).read)]);
    case 'footprint':
      return metrics(values, entries.getAll(`${entry}.from`), entries.getAll(`${entry}.to`));
  }
}

function typed(name: string, operators: readonly string[], values: readonly string[]): [string, string][] {
  return values.flatMap((value, index): [string, string][] => {
    const { suffix } = OPERATORS.find((operator) => operator.suffix === operators[index]) ?? OPERATORS[0];
    return value.trim() === '' ? [] : [[`${name}${suffix}`, value.trim()]];
  });
}

/** Returns `A-B`, `A-`, `-B`, or '' if both are empty. */
function range(entries: Entries, entry: string, read: Read, readEnd = read): string {
  return between(entries.get(`${entry}.from`) ?? '', entries.get(`${entry}.to`) ?? '', read, readEnd);
}

function times(entries: Entries, entry: string, end: RangeEnd): string {
  const text = range(entries, entry, instantOf, (text) => instantOf(text, end));
  const [from = '', to = ''] = text.split('-');
  if (end === 'inclusive' || from !== to || text === '') return text;
  throw new Fault('invalid_request', 'enter a range whose second time is later than the first');
}

type Read = (text: string) => string;

function between(from: string, to: string, read: Read, readEnd = read): string {
  if (from.trim() === '' && to.trim() === '') return '';
  const low = from.trim() === '' ? '' : read(from);
  const high = to.trim() === '' ? '' : readEnd(to);
  if (low !== '' && high !== '' && Number(low) > Number(high)) {
    throw new Fault('invalid_request', 'enter a range whose first value is not larger than the second');
  }
  return `${low}-${high}`;
}

/** Returns the range of each metric. If a metric occurs twice, the last one wins. */
function metrics(keys: readonly string[], froms: readonly string[], tos: readonly string[]): Map<string, string> {
  const found = new Map<string, string>();
  for (const [index, key] of keys.entries()) {
    if (key === '') continue;
    if (!isFootprintKey(key)) throw new Fault('invalid_request', 'choose a metric');
    const value = between(froms[index] ?? '', tos[index] ?? '', decimalOf);
    if (value === '') throw new Fault('invalid_request', 'enter a lower or an upper limit');
    found.set(`${METRIC}${key}`, value);
  }
  return found;
}
