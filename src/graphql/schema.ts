import {
  buildSchema,
  defaultFieldResolver,
  type GraphQLField,
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
import type { QueryContext } from './context.ts';
import { plainList } from './list-without-executor.ts';
import { RESOLVERS } from './resolvers/index.ts';
import type { Resolver } from './resolvers/resolver.ts';
import { PrintedType, SamplesType, SCALARS } from './scalars.ts';
import { CLUSTERS } from './schema/cluster-types.ts';
import { JOBS } from './schema/job-types.ts';
import { METRICS } from './schema/metric-types.ts';
import { OPERATIONS } from './schema/operations.ts';

/** The schema in the schema definition language. It equals that of cc-backend; a test compares the two. */
export const SDL = [OPERATIONS, JOBS, METRICS, CLUSTERS].join('\n');

/** Lists of many objects whose fields, as a rule, neither wait nor fail. */
const PLAIN_LISTS = [
  ['Query', 'globalMetrics'],
  ['Query', 'tags'],
  ['JobResultList', 'items'],
  ['Job', 'resources'],
  ['Cluster', 'subClusters'],
] as const;

/** Builds the schema with our scalars and resolvers. The executor gets long lists with pauses. */
export function makeSchema(): GraphQLSchema {
  const schema = schemaWithResolvers();
  for (const [type, name] of PLAIN_LISTS) {
    const field = fieldOf(schema, type, name);
    const { resolve = defaultFieldResolver } = field;
    field.resolve = (source, args, context, info) => {
      const paced = (items: unknown) => (Array.isArray(items) ? context.paced(items) : items);
      const items = resolve(source, args, context, info);
      return items instanceof Promise ? items.then(paced) : paced(items);
    };
  }
  return schema;
}

/**
 * Builds the schema with which most operations are executed: the plain lists of `whole` are leaves to the executor. A
 * list that turns out not to be plain has the error NotPlain.
 */
export function withPlainLists(whole: GraphQLSchema): GraphQLSchema {
  const schema = schemaWithResolvers();
  for (const [type, name] of PLAIN_LISTS) {
    const field = fieldOf(schema, type, name);
    const { type: list } = fieldOf(whole, type, name);
    const { resolve = defaultFieldResolver } = field;
    field.type = new GraphQLNonNull(PrintedType);
    field.resolve = async (source, args, context, info) => {
      const items = (await resolve(source, args, context, info)) as Iterable<unknown> | AsyncIterable<unknown>;
      return await plainList(items, list, context, info);
    };
  }
  return schema;
}

/**
 * buildSchema always takes the scalars of the library for the built-in names, whose Int has 32 bits, so they are
 * replaced afterwards.
 */
function schemaWithResolvers(): GraphQLSchema {
  const schema = buildSchema(SDL, { noLocation: true });
  const types = schema.getTypeMap();
  for (const type of Object.values(types)) {
    if (type.name.startsWith('__')) continue;
    if (isObjectType(type)) {
      for (const field of Object.values(type.getFields())) {
        field.type = samplesOf(replaced(field.type)) as GraphQLOutputType;
        for (const argument of field.args) (argument as { type: GraphQLInputType }).type = replaced(argument.type);
        const resolve = RESOLVERS[type.name]?.[field.name];
        if (resolve !== undefined) field.resolve = type.name === 'Query' ? inTurn(resolve) : resolve;
      }
    } else if (isInputObjectType(type)) {
      for (const field of Object.values(type.getFields())) field.type = replaced(field.type);
    }
  }
  for (const scalar of SCALARS) types[scalar.name] = scalar;
  return schema;
}

function fieldOf(schema: GraphQLSchema, typeName: string, name: string): GraphQLField<unknown, QueryContext> {
  const type = schema.getType(typeName);
  const field = isObjectType(type) ? type.getFields()[name] : undefined;
  if (field === undefined) throw new Error(`no field ${typeName}.${name}`);
  return field;
}

/** Of many fields of Query, some start in each of the next turns of the event loop. */
function inTurn(resolve: Resolver): Resolver {
  return (source, args, context, info) => context.start(() => resolve(source, args, context, info));
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
