import { type GraphQLOutputType, getNamedType, isLeafType, isListType, isNonNullType } from 'graphql';
import { Turn, type Turns } from '../event-loop-turns.ts';
import { SamplesType } from './scalars.ts';
import type { SelectedField } from './write-upstream-document.ts';

/** The text of an answer without its samples. It is parsed at a stretch, which takes 25 ms for this size. */
const MOST_PARSED = 1.5 * 1024 * 1024;
/** Samples that are checked at a stretch. */
const CHECKED_CHARACTERS = 16 * 1024;

const SAMPLES = /"(?:data|mean|median|min|max)"\s*:\s*\[/g;
const NUMBER = String.raw`\s*(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|null)\s*`;
const NUMBERS = new RegExp(`^${NUMBER}(?:,${NUMBER})*$`);

/** Why an answer cannot be used, for people. */
export class UnusableAnswer extends Error {}

/**
 * Reads the answer to a question for one root field. Lists of samples become the text of a JSON list, and are not
 * parsed. Metrics that `isHidden` accepts are left out. Throws UnusableAnswer if it is no answer to the question.
 */
export async function readUpstreamAnswer(
  text: string,
  name: string,
  field: SelectedField,
  isHidden: (metric: string) => boolean,
  turns: Turns,
): Promise<unknown> {
  const turn = new Turn(turns);
  const { skeleton, samples, mark } = await withoutSamples(text, turn);
  if (skeleton.length > MOST_PARSED) throw new UnusableAnswer('the answer has too many objects: request less at once');
  const body = parsed(skeleton);
  const value = member(member(body, 'data'), name);
  const problems = member(body, 'errors');
  if (value === undefined || value === null) {
    const message = member(Array.isArray(problems) ? problems[0] : undefined, 'message');
    if (typeof message === 'string') throw new UnusableAnswer(`answered with the error: ${message.slice(0, 200)}`);
    if (isNonNullType(field.type)) throw new UnusableAnswer('answered without data');
  }
  return await new Reader(samples, mark, isHidden, turn).read(value, field);
}

/** Replaces each list of samples by a text with its number. No other text begins with `mark`. */
async function withoutSamples(text: string, turn: Turn) {
  const mark = crypto.randomUUID().slice(0, 8); // made now, so no answer knows it
  const samples: string[] = [];
  const pieces: string[] = [];
  const begins = new RegExp(SAMPLES); // a state of its own
  let at = 0;
  // A quote within a text has a backslash before it, so this matches members only.
  while (begins.exec(text) !== null) {
    const from = begins.lastIndex;
    const to = text.indexOf(']', from);
    if (to === -1) throw new UnusableAnswer('the answer is not JSON');
    await checkNumbers(text, from, to, turn);
    pieces.push(text.slice(at, from - 1), `"${mark}${samples.length}"`);
    samples.push(text.slice(from - 1, to + 1));
    at = to + 1;
    begins.lastIndex = at;
  }
  pieces.push(text.slice(at));
  return { skeleton: pieces.join(''), samples, mark };
}

/** The text is sent on as it is, so it must be what it should be. */
async function checkNumbers(text: string, from: number, to: number, turn: Turn): Promise<void> {
  if (text.slice(from, to).trim() === '') return;
  for (let at = from; at <= to; ) {
    const comma = at + CHECKED_CHARACTERS >= to ? -1 : text.lastIndexOf(',', at + CHECKED_CHARACTERS);
    const end = comma < at ? to : comma;
    if (!NUMBERS.test(text.slice(at, end))) throw new UnusableAnswer('a list of samples is not one of numbers');
    at = end + 1;
    if (turn.isOver) await turn.next();
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new UnusableAnswer('the answer is not JSON');
  }
}

function member(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
  return (value as Record<string, unknown>)[name];
}

/** Checks values against what was asked. A value of another type would null the whole answer of the client. */
class Reader {
  readonly #samples: readonly string[];
  readonly #mark: string;
  readonly #isHidden: (metric: string) => boolean;
  readonly #turn: Turn;

  constructor(samples: readonly string[], mark: string, isHidden: (metric: string) => boolean, turn: Turn) {
    this.#samples = samples;
    this.#mark = mark;
    this.#isHidden = isHidden;
    this.#turn = turn;
  }

  async read(value: unknown, { type, selection }: SelectedField): Promise<unknown> {
    if (selection === undefined) return this.#scalar(value, type);
    if (isNonNullType(type)) {
      if (value === null || value === undefined) throw unexpected();
      return await this.read(value, { type: type.ofType as GraphQLOutputType, selection });
    }
    if (value === null || value === undefined) return null;
    if (isListType(type)) return await this.#list(value, { type: type.ofType as GraphQLOutputType, selection });
    if (typeof value !== 'object') throw unexpected();
    const object: Record<string, unknown> = {};
    for (const [name, field] of selection.fields) {
      const given = member(value, name);
      object[name] = field.selection === undefined ? this.#scalar(given, field.type) : await this.read(given, field);
    }
    return object;
  }

  async #list(value: unknown, item: SelectedField): Promise<unknown[]> {
    if (!Array.isArray(value)) throw unexpected();
    const list: unknown[] = [];
    const isMetric = item.selection?.fields.has('name') === true;
    for (const each of value) {
      if (this.#turn.isOver) await this.#turn.next();
      if (isMetric && this.#isHidden(String(member(each, 'name')))) continue;
      list.push(await this.read(each, item));
    }
    return list;
  }

  #scalar(value: unknown, type: GraphQLOutputType): unknown {
    if (value === null || value === undefined) {
      if (isNonNullType(type)) throw unexpected();
      return null;
    }
    const leaf = getNamedType(type);
    if (leaf.name === SamplesType.name) return this.#samplesOf(value);
    try {
      if (isLeafType(leaf)) leaf.coerceOutputValue(value);
      return value;
    } catch {
      throw unexpected();
    }
  }

  #samplesOf(value: unknown): string {
    const isMarked = typeof value === 'string' && value.startsWith(this.#mark);
    const text = isMarked ? this.#samples[Number(value.slice(this.#mark.length))] : undefined;
    if (text === undefined) throw unexpected();
    return text;
  }
}

function unexpected(): UnusableAnswer {
  return new UnusableAnswer('the answer does not have the types of the schema');
}
