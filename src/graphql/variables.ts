import {
  GraphQLError,
  type GraphQLInputType,
  type GraphQLSchema,
  isInputObjectType,
  isListType,
  isNonNullType,
  isRequiredInputField,
  type OperationDefinitionNode,
  typeFromAST,
} from 'graphql';

type Path = readonly (string | number)[];

/** Objects of all variables, such as filters. The executor looks for 21 fields in each, at a stretch. */
const MOST_OBJECTS = 1_000;

/**
 * Returns the first problem with the variables of an operation. Its path begins with "variable" and the name, as that
 * of cc-backend; the library has no path. Undefined if all variables can be used.
 */
export function variableProblem(
  schema: GraphQLSchema,
  { variableDefinitions = [] }: OperationDefinitionNode,
  given: Readonly<Record<string, unknown>>,
): GraphQLError | undefined {
  if (objectsIn(given) > MOST_OBJECTS) return new GraphQLError(`variables may have at most ${MOST_OBJECTS} objects`);
  for (const { variable, type: node, defaultValue } of variableDefinitions) {
    const name = variable.name.value;
    const type = typeFromAST(schema, node) as GraphQLInputType | undefined;
    if (type === undefined) continue; // validation has refused it
    const value = Object.hasOwn(given, name) ? given[name] : undefined;
    if (value === undefined && (defaultValue !== undefined || !isNonNullType(type))) continue;
    const problem = problemWith(value, type, ['variable', name]);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function objectsIn(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  const own = Array.isArray(value) ? 0 : 1;
  return Object.values(value).reduce<number>((sum, member) => sum + objectsIn(member), own);
}

function problemWith(value: unknown, type: GraphQLInputType, path: Path): GraphQLError | undefined {
  if (isNonNullType(type)) {
    if (value === undefined || value === null) return new GraphQLError('must be defined', { path });
    return problemWith(value, type.ofType, path);
  }
  if (value === undefined || value === null) return undefined;
  if (isListType(type)) {
    if (!Array.isArray(value)) return problemWith(value, type.ofType, path);
    return firstOf(value, (each, index) => problemWith(each, type.ofType, [...path, index]));
  }
  if (isInputObjectType(type)) {
    if (typeof value !== 'object' || Array.isArray(value)) return new GraphQLError('must be an object', { path });
    const fields = type.getFields();
    const unknown = Object.keys(value).find((name) => !Object.hasOwn(fields, name));
    if (unknown !== undefined) return new GraphQLError('unknown field', { path: [...path, unknown] });
    return firstOf(Object.values(fields), (field) => {
      const member = Object.hasOwn(value, field.name) ? (value as Record<string, unknown>)[field.name] : undefined;
      if (member === undefined && !isRequiredInputField(field)) return undefined;
      return problemWith(member, field.type, [...path, field.name]);
    });
  }
  try {
    type.coerceInputValue(value);
    return undefined;
  } catch (error) {
    return new GraphQLError(error instanceof GraphQLError ? error.message : 'invalid value', { path });
  }
}

function firstOf<Item>(
  items: readonly Item[],
  problemOf: (item: Item, index: number) => GraphQLError | undefined,
): GraphQLError | undefined {
  for (const [index, item] of items.entries()) {
    const problem = problemOf(item, index);
    if (problem !== undefined) return problem;
  }
  return undefined;
}
