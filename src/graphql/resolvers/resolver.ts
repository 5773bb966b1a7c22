import { type FieldNode, type GraphQLResolveInfo, Kind, type SelectionSetNode } from 'graphql';
import type { QueryContext } from '../context.ts';

/** A function that returns a field of a `Source`. */
// biome-ignore lint/suspicious/noExplicitAny: the schema checks the arguments, and each resolver states its source
export type Resolver = (source: any, args: any, context: QueryContext, info: GraphQLResolveInfo) => unknown;

/** The resolvers of some types. A field without one is the member of its name. */
export type Resolvers = Readonly<Record<string, Readonly<Record<string, Resolver>>>>;

/**
 * The names of the fields that an operation asks of this one, or of its fields along a path, whatever their aliases and
 * directives.
 */
export function fieldsAsked(info: GraphQLResolveInfo, ...path: readonly string[]): ReadonlySet<string> {
  let sets = info.fieldNodes.flatMap(({ selectionSet }) => selectionSet ?? []);
  for (const name of path) {
    sets = fieldsIn(sets, info).flatMap((field) => (field.name.value === name ? (field.selectionSet ?? []) : []));
  }
  return new Set(fieldsIn(sets, info).map((field) => field.name.value));
}

function fieldsIn(sets: readonly SelectionSetNode[], { fragments }: GraphQLResolveInfo): FieldNode[] {
  const fields: FieldNode[] = [];
  const seen = new Set<string>();
  const add = ({ selections }: SelectionSetNode): void => {
    for (const selection of selections) {
      if (selection.kind === Kind.FIELD) fields.push(selection);
      else if (selection.kind === Kind.INLINE_FRAGMENT) add(selection.selectionSet);
      else if (!seen.has(selection.name.value)) {
        seen.add(selection.name.value);
        const fragment = fragments[selection.name.value];
        if (fragment !== undefined) add(fragment.selectionSet);
      }
    }
  };
  for (const set of sets) add(set);
  return fields;
}
