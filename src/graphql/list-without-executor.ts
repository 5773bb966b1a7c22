import {
  type FieldNode,
  type GraphQLObjectType,
  type GraphQLOutputType,
  type GraphQLResolveInfo,
  getNullableType,
  isLeafType,
  isListType,
  isNonNullType,
  isObjectType,
  type SelectionSetNode,
} from 'graphql';
import { Turn } from '../event-loop-turns.ts';
import type { QueryContext } from './context.ts';
import { includedFields } from './included-fields.ts';
import { RawJson } from './raw-json.ts';
import { RESOLVERS } from './resolvers/index.ts';

/** Values in the lists of an item that are shown at a stretch, which takes 5 ms. The executor pauses in longer ones. */
const AT_A_STRETCH = 50_000;

const NO_ARGUMENTS = {};

/** Some field of a list waits or fails. The executor can answer it. */
export class NotPlain extends Error {}

/** JSON.rawJSON of ES2026. All our runtimes have it, but the libraries of TypeScript do not declare it yet. */
const { rawJSON } = JSON as unknown as { rawJSON(text: string): object };

/**
 * Returns each item of a list as JSON, with the fields that the operation asks for. This takes a fifth of the time of the
 * executor, which must be ready for a promise and an error in every field. Throws NotPlain for such a field. `type` is
 * that of the list.
 */
export async function plainList(
  items: Iterable<unknown> | AsyncIterable<unknown>,
  type: GraphQLOutputType,
  context: QueryContext,
  info: GraphQLResolveInfo,
): Promise<RawJson[]> {
  const list = getNullableType(type);
  if (!isListType(list)) throw new NotPlain();
  const sets = info.fieldNodes.flatMap(({ selectionSet }) => selectionSet ?? []);
  const fields = new Fields(context, info);
  const shown = fields.shown(list.ofType, sets);
  const texts: RawJson[] = [];
  const turn = new Turn(context.turns);
  for await (const item of items) {
    fields.values = 0;
    texts.push(new RawJson(textOf(shown(item))));
    if (turn.isOver) await turn.next();
  }
  return texts;
}

function textOf(value: unknown): string {
  try {
    return JSON.stringify(value);
  } catch {
    throw new NotPlain(); // a bigint in metaData
  }
}

/** Makes what the answer shows of a value. */
type Shown = (value: unknown) => unknown;

/** The fields of a selection as functions, made once for all items of a list. */
class Fields {
  /** Values in the lists of the current item so far. */
  values = 0;
  readonly #context: QueryContext;
  readonly #info: GraphQLResolveInfo;
  #fields = 0;

  constructor(context: QueryContext, info: GraphQLResolveInfo) {
    this.#context = context;
    this.#info = info;
  }

  shown(type: GraphQLOutputType, sets: readonly SelectionSetNode[]): Shown {
    if (!isNonNullType(type)) {
      const some = this.#some(type, sets);
      return (value) => (value === null || value === undefined ? null : some(value));
    }
    const shown = this.#some(type.ofType, sets);
    return (value) => {
      if (value === null || value === undefined) throw new NotPlain();
      return shown(value);
    };
  }

  #some(type: GraphQLOutputType, sets: readonly SelectionSetNode[]): Shown {
    if (isListType(type)) return this.#list(type.ofType, sets);
    if (isObjectType(type)) return this.#object(type, sets);
    if (!isLeafType(type)) throw new NotPlain();
    return (value) => {
      const leaf = type.coerceOutputValue(value);
      return typeof leaf === 'bigint' ? rawJSON(String(leaf)) : leaf;
    };
  }

  #list(type: GraphQLOutputType, sets: readonly SelectionSetNode[]): Shown {
    const before = this.#fields;
    const item = this.shown(type, sets);
    const fields = Math.max(1, this.#fields - before);
    return (value) => {
      if (!Array.isArray(value)) throw new NotPlain();
      this.values += value.length * fields;
      if (this.values > AT_A_STRETCH) throw new NotPlain();
      return value.map(item);
    };
  }

  #object(type: GraphQLObjectType, sets: readonly SelectionSetNode[]): Shown {
    const byName = Map.groupBy(includedFields(sets, this.#info), ({ alias, name }) => (alias ?? name).value);
    if (byName.has('__proto__')) throw new NotPlain();
    const members = [...byName].map(([name, nodes]) => ({ name, shown: this.#field(type, nodes) }));
    // A copy has room for all members. An empty object would be made larger again and again.
    const empty: Record<string, unknown> = Object.fromEntries(members.map(({ name }) => [name, null]));
    return (source) => {
      const object = { ...empty };
      for (const { name, shown } of members) object[name] = shown(source);
      return object;
    };
  }

  #field(type: GraphQLObjectType, nodes: readonly FieldNode[]): Shown {
    this.#fields += 1;
    const name = nodes[0]?.name.value ?? '';
    if (name === '__typename') return () => type.name;
    const field = type.getFields()[name];
    if (field === undefined || field.args.length > 0) throw new NotPlain();
    const sets = nodes.flatMap(({ selectionSet }) => selectionSet ?? []);
    const shown = this.shown(field.type, sets);
    const resolve = RESOLVERS[type.name]?.[name];
    if (resolve === undefined) return (source) => shown((source as Record<string, unknown>)[name]);
    return (source) => {
      const value = resolve(source, NO_ARGUMENTS, this.#context, this.#info);
      if (!(value instanceof Promise)) return shown(value);
      value.catch(() => {}); // the executor asks for it again
      throw new NotPlain();
    };
  }
}
