import {
  type GraphQLOutputType,
  type GraphQLResolveInfo,
  getNamedType,
  isObjectType,
  print,
  type SelectionSetNode,
  visit,
} from 'graphql';
import { losslessJson } from '../lossless-json.ts';
import { includedFields } from './included-fields.ts';

/** What is asked of a type: its fields by their names, each once. */
export interface Selection {
  readonly fields: ReadonlyMap<string, SelectedField>;
}

export interface SelectedField {
  readonly type: GraphQLOutputType;
  /** Undefined for a scalar. */
  readonly selection: Selection | undefined;
}

/** The arguments of a root field, its variables, and the types of these. */
export interface SentArguments {
  /** Such as `$id: ID!`. */
  readonly definitions: readonly string[];
  /** Such as `id: $id`. */
  readonly texts: readonly string[];
  readonly variables: Readonly<Record<string, unknown>>;
}

/** The fields that are asked whether the client wants them or not: our rules about metrics and jobs need them. */
const ALWAYS: Readonly<Record<string, string>> = {
  JobMetricWithName: 'name',
  NamedStats: 'name',
  NamedStatsWithScope: 'name',
  ClusterMetricWithName: 'name',
  JobStats: 'id',
};

/**
 * A root field as the client has selected it, without aliases: fields of metric data have no arguments. With `only`, no
 * other fields of the selected ones.
 */
export function selectedField(
  { returnType: type, fieldNodes, ...info }: GraphQLResolveInfo,
  only?: readonly string[],
): SelectedField {
  const sets = fieldNodes.flatMap(({ selectionSet }) => selectionSet ?? []);
  const selection = selectionOf(type, sets, info);
  if (only === undefined || selection === undefined) return { type, selection };
  return { type, selection: { fields: new Map([...selection.fields].filter(([name]) => only.includes(name))) } };
}

/** The body of a request for one root field. */
export function requestFor(
  { fieldName, operation }: GraphQLResolveInfo,
  { selection }: SelectedField,
  { definitions, texts, variables }: SentArguments,
): string {
  const inParentheses = (list: readonly string[]) => (list.length === 0 ? '' : `(${list.join(', ')})`);
  const field = `${fieldName}${inParentheses(texts)}${selection === undefined ? '' : textOf(selection)}`;
  const query = `${operation.operation} ${inParentheses(definitions)} { ${field} }`;
  return losslessJson({ query, variables });
}

/** The arguments as the client has written them. */
export function givenArguments({ fieldNodes, operation, variableValues }: GraphQLResolveInfo): SentArguments {
  const given = fieldNodes[0]?.arguments ?? [];
  const used = new Set<string>();
  for (const argument of given) visit(argument, { Variable: ({ name }) => void used.add(name.value) });
  const defined = (operation.variableDefinitions ?? []).filter(({ variable }) => used.has(variable.name.value));
  // A variable without a value keeps the default of its definition.
  const sources = Object.entries(variableValues.sources).filter(([name]) => used.has(name));
  return {
    definitions: defined.map((definition) => print(definition)),
    texts: given.map((argument) => print(argument)),
    variables: Object.fromEntries(sources.flatMap(([name, { value }]) => (value === undefined ? [] : [[name, value]]))),
  };
}

function textOf({ fields }: Selection): string {
  const texts = [...fields].map(([name, { selection }]) => (selection === undefined ? name : name + textOf(selection)));
  return ` { ${texts.join(' ')} }`;
}

type Parts = Pick<GraphQLResolveInfo, 'fragments' | 'variableValues'>;

function selectionOf(type: GraphQLOutputType, sets: readonly SelectionSetNode[], info: Parts): Selection | undefined {
  const named = getNamedType(type);
  if (!isObjectType(named)) return undefined;
  const defined = named.getFields();
  const setsOf = new Map<string, SelectionSetNode[]>();
  for (const { name, selectionSet } of includedFields(sets, info)) {
    setsOf.set(name.value, [...(setsOf.get(name.value) ?? []), ...(selectionSet === undefined ? [] : [selectionSet])]);
  }
  const always = ALWAYS[named.name];
  if (always !== undefined) setsOf.set(always, []);
  const fields = new Map<string, SelectedField>();
  for (const [name, inner] of setsOf) {
    const field = defined[name]; // __typename is not defined: the executor answers it
    if (field !== undefined) fields.set(name, { type: field.type, selection: selectionOf(field.type, inner, info) });
  }
  const [first] = Object.values(defined);
  // A selection must not be empty. The first field of each of these types is small.
  if (fields.size === 0 && first !== undefined) {
    fields.set(first.name, { type: first.type, selection: selectionOf(first.type, [], info) });
  }
  return { fields };
}
