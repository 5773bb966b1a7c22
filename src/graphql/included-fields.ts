import {
  type FieldNode,
  GraphQLIncludeDirective,
  type GraphQLResolveInfo,
  GraphQLSkipDirective,
  getDirectiveValues,
  Kind,
  type SelectionSetNode,
} from 'graphql';

/** The fields that `@include` and `@skip` leave, those of fragments included. */
export function includedFields(
  sets: readonly SelectionSetNode[],
  { fragments, variableValues }: Pick<GraphQLResolveInfo, 'fragments' | 'variableValues'>,
): FieldNode[] {
  const fields: FieldNode[] = [];
  const seen = new Set<string>();
  const add = ({ selections }: SelectionSetNode): void => {
    for (const selection of selections) {
      if (getDirectiveValues(GraphQLSkipDirective, selection, variableValues)?.['if'] === true) continue;
      if (getDirectiveValues(GraphQLIncludeDirective, selection, variableValues)?.['if'] === false) continue;
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
