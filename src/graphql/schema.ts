import {
  buildSchema,
  type GraphQLInputType,
  GraphQLList,
  type GraphQLNamedType,
  GraphQLNonNull,
  type GraphQLOutputType,
  type GraphQLScalarType,
  type GraphQLSchema,
  type GraphQLType,
  isInputObjectType,
  isListType,
  isNonNullType,
  isObjectType,
} from 'graphql';
import { RESOLVERS } from './resolvers/index.ts';
import { SamplesType, SCALARS } from './scalars.ts';
import { CLUSTERS } from './schema/cluster-types.ts';
import { JOBS } from './schema/job-types.ts';
import { METRICS } from './schema/metric-types.ts';
import { OPERATIONS } from './schema/operations.ts';

/** The schema in the schema definition language. It equals that of cc-backend; a test compares the two. */
export const SDL = [OPERATIONS, JOBS, METRICS, CLUSTERS].join('\n');

/**
 * Builds the schema with our scalars and resolvers. buildSchema always takes the scalars of the library for the
 * built-in names, whose Int has 32 bits, so they are replaced afterwards.
 */
export function makeSchema(): GraphQLSchema {
  const schema = buildSchema(SDL);
  const types = schema.getTypeMap();
  for (const type of Object.values(types)) {
    if (type.name.startsWith('__')) continue;
    if (isObjectType(type)) {
      for (const field of Object.values(type.getFields())) {
        field.type = samplesOf(replaced(field.type)) as GraphQLOutputType;
        for (const argument of field.args) (argument as { type: GraphQLInputType }).type = replaced(argument.type);
        const resolve = RESOLVERS[type.name]?.[field.name];
        if (resolve === undefined) continue;
        field.resolve =
          type.name !== 'Query'
            ? resolve
            : (source, args, context, info) => context.start(() => resolve(source, args, context, info));
      }
    } else if (isInputObjectType(type)) {
      for (const field of Object.values(type.getFields())) field.type = replaced(field.type);
    }
  }
  for (const scalar of SCALARS) types[scalar.name] = scalar;
  return schema;
}

const OURS = new Map<string, GraphQLScalarType>(SCALARS.map((scalar) => [scalar.name, scalar]));

/** The same type with our scalars. */
function replaced<Type extends GraphQLType>(type: Type): Type {
  if (isNonNullType(type)) return new GraphQLNonNull(replaced(type.ofType)) as unknown as Type;
  if (isListType(type)) return new GraphQLList(replaced(type.ofType)) as unknown as Type;
  return (OURS.get((type as GraphQLNamedType).name) as unknown as Type) ?? type;
}

/** A list of samples is a single value to the executor. */
function samplesOf(type: GraphQLType): GraphQLType {
  return String(type) === '[NullableFloat!]!' ? new GraphQLNonNull(SamplesType) : type;
}
