import { type DocumentNode, type ExecutionResult, type FieldNode, GraphQLError, Kind, visit } from 'graphql';

/** Errors of one request about introspection. */
const MOST_ERRORS = 10;

const META_FIELDS = new Set(['__schema', '__type']);

/** A document that can be executed without introspection. */
interface Hidden {
  readonly document: DocumentNode;
  /** Its fields for introspection. */
  readonly fields: readonly FieldNode[];
}

/**
 * Introspection is off unless a setting says otherwise. cc-backend then answers null and an error for these fields, and
 * the others as ever. So the executor gets `__typename` in their place, and `hideIntrospection` replaces its answer.
 */
export function withoutIntrospection(document: DocumentNode): Hidden {
  const known = HIDDEN.get(document);
  if (known !== undefined) return known;
  const fields: FieldNode[] = [];
  const changed = visit(document, {
    Field(node) {
      if (!META_FIELDS.has(node.name.value)) return undefined;
      fields.push(node);
      return typenameFor(node);
    },
  });
  const hidden = { document: changed, fields };
  HIDDEN.set(document, hidden);
  return hidden;
}

const HIDDEN = new WeakMap<DocumentNode, Hidden>();

function typenameFor({ alias, name }: FieldNode): FieldNode {
  return { kind: Kind.FIELD, alias: alias ?? name, name: { ...name, value: '__typename' } };
}

/** Replaces what was executed in the place of introspection. Only the query itself has these fields. */
export function hideIntrospection(result: ExecutionResult, fields: readonly FieldNode[]): ExecutionResult {
  const { data, errors = [] } = result;
  if (data === null || data === undefined) return result;
  const asked = fields.filter((node) => Object.hasOwn(data, nameOf(node)));
  if (asked.length === 0) return result;
  return {
    ...result,
    data: { ...data, ...Object.fromEntries(asked.map((node) => [nameOf(node), null])) },
    errors: [
      ...errors,
      ...asked
        .slice(0, MOST_ERRORS)
        .map((node) => new GraphQLError('introspection disabled', { nodes: node, path: [nameOf(node)] })),
    ],
  };
}

function nameOf({ alias, name }: FieldNode): string {
  return alias?.value ?? name.value;
}
