import type { GraphQLResolveInfo } from 'graphql';
import type { QueryContext } from '../context.ts';
import { includedFields } from '../included-fields.ts';

/** A function that returns a field of a `Source`. */
// biome-ignore lint/suspicious/noExplicitAny: the schema checks the arguments, and each resolver states its source
export type Resolver = (source: any, args: any, context: QueryContext, info: GraphQLResolveInfo) => unknown;

/** The resolvers of some types. A field without one is the member of its name. */
export type Resolvers = Readonly<Record<string, Readonly<Record<string, Resolver>>>>;

/** The names of the fields that an operation asks of this one, or of its fields along a path, whatever their aliases. */
export function fieldsAsked(info: GraphQLResolveInfo, ...path: readonly string[]): ReadonlySet<string> {
  let sets = info.fieldNodes.flatMap(({ selectionSet }) => selectionSet ?? []);
  for (const name of path) {
    sets = includedFields(sets, info).flatMap((field) => (field.name.value === name ? (field.selectionSet ?? []) : []));
  }
  return new Set(includedFields(sets, info).map((field) => field.name.value));
}
