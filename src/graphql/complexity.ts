import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  GraphQLError,
  Kind,
  type OperationDefinitionNode,
  print,
  type SelectionSetNode,
} from 'graphql';

/** Fields of an operation, as in cc-backend: a field costs 1 and its fields. Introspection is free. */
export const COMPLEXITY_LIMIT = 5_000;
/** The schema needs 7. */
const DEPTH_LIMIT = 20;

type Fragments = ReadonlyMap<string, FragmentDefinitionNode>;

export function fragmentsOf(document: DocumentNode): Fragments {
  return new Map(
    document.definitions.flatMap((definition) =>
      definition.kind === Kind.FRAGMENT_DEFINITION ? [[definition.name.value, definition]] : [],
    ),
  );
}

/**
 * Returns the number of fields of a selection, fragments counted at each use. Stops at MOST_COUNTED, so that fragments
 * within fragments, and circles of them, cost no time. Throws a GraphQLError if fields are nested too deeply.
 */
export function complexityOf(operation: OperationDefinitionNode, fragments: Fragments): number {
  let fields = 0;
  let spreads = 0;
  function count({ selections }: SelectionSetNode, depth: number): void {
    if (depth > DEPTH_LIMIT) throw new GraphQLError(`fields are nested more than ${DEPTH_LIMIT} deep`);
    for (const selection of selections) {
      if (fields > MOST_COUNTED || spreads > MOST_COUNTED) return;
      switch (selection.kind) {
        case Kind.FIELD:
          if (selection.name.value === '__schema' || selection.name.value === '__type') break;
          fields += 1;
          if (selection.selectionSet !== undefined) count(selection.selectionSet, depth + 1);
          break;
        case Kind.INLINE_FRAGMENT:
          spreads += 1;
          count(selection.selectionSet, depth + 1);
          break;
        case Kind.FRAGMENT_SPREAD: {
          spreads += 1;
          const fragment = fragments.get(selection.name.value);
          if (fragment !== undefined) count(fragment.selectionSet, depth + 1);
        }
      }
    }
  }
  count(operation.selectionSet, 1);
  return fields + (spreads > MOST_COUNTED ? MOST_COUNTED : 0);
}

/** The message names the complexity. Larger ones are not counted to the end. */
const MOST_COUNTED = 4 * COMPLEXITY_LIMIT;

/**
 * Returns the first two fields that cannot be one: the same name in the answer, but another field or other arguments.
 * The rule of the library compares all pairs, which takes seconds for a thousand equal names. Our schema has neither
 * interfaces nor unions, so fields of one name must simply be equal, and one look at each is enough.
 */
export function conflictIn(operation: OperationDefinitionNode, fragments: Fragments): GraphQLError | undefined {
  return conflictAmong([operation.selectionSet], fragments);
}

function conflictAmong(sets: readonly SelectionSetNode[], fragments: Fragments): GraphQLError | undefined {
  const byName = new Map<string, FieldNode[]>();
  const seen = new Set<string>();
  const collect = ({ selections }: SelectionSetNode): void => {
    for (const selection of selections) {
      if (selection.kind === Kind.FIELD) {
        const name = selection.alias?.value ?? selection.name.value;
        const same = byName.get(name);
        if (same === undefined) byName.set(name, [selection]);
        else same.push(selection);
      } else if (selection.kind === Kind.INLINE_FRAGMENT) {
        collect(selection.selectionSet);
      } else if (!seen.has(selection.name.value)) {
        seen.add(selection.name.value);
        const fragment = fragments.get(selection.name.value);
        if (fragment !== undefined) collect(fragment.selectionSet);
      }
    }
  };
  for (const set of sets) collect(set);
  for (const [name, nodes] of byName) {
    if (nodes.length > 1) {
      const [first, ...others] = nodes.map(identityOf);
      if (others.some((other) => other !== first)) {
        return new GraphQLError(`fields "${name}" conflict: use different aliases`, { nodes });
      }
    }
    const conflict = conflictAmong(
      nodes.flatMap(({ selectionSet }) => selectionSet ?? []),
      fragments,
    );
    if (conflict !== undefined) return conflict;
  }
  return undefined;
}

function identityOf({ name, arguments: given = [] }: FieldNode): string {
  const texts = given.map((argument) => print(argument)).sort();
  return `${name.value}(${texts.join(',')})`;
}
