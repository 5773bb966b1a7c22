/** Our schema has the types and fields of cc-backend 1.5.4, no more and no less. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type IntrospectionQuery, introspectionFromSchema } from 'graphql';
import { expect, test } from 'vitest';
import { RESOLVERS } from '../../src/graphql/resolvers/index.ts';
import { makeSchema } from '../../src/graphql/schema.ts';

const FIELDS = join(import.meta.dirname, '../fixtures/graphql-fields.txt');
const INTROSPECTION = join(import.meta.dirname, '../../../shared/contract/introspection.json');

type Schema = IntrospectionQuery['__schema'];
type TypeRef = { kind: string; name?: string | null; ofType?: TypeRef | null };

function textOf({ kind, name, ofType }: TypeRef): string {
  if (ofType === null || ofType === undefined) return name ?? '';
  return kind === 'LIST' ? `[${textOf(ofType)}]` : `${textOf(ofType)}!`;
}

/** One line for each field, argument, input and member. */
function linesOf({ types }: Schema): string[] {
  return types
    .filter(({ name }) => !name.startsWith('__'))
    .flatMap((type): string[] => {
      switch (type.kind) {
        case 'SCALAR':
          return [`scalar ${type.name}`];
        case 'ENUM':
          return type.enumValues.map(({ name }) => `${type.name}.${name}`);
        case 'INPUT_OBJECT':
          return type.inputFields.map(
            ({ name, type: of, defaultValue }) =>
              `input ${type.name}.${name}: ${textOf(of)}${defaultValue === null ? '' : ` = ${defaultValue}`}`,
          );
        case 'OBJECT':
          return type.fields.flatMap(({ name, args, type: of }) => [
            `${type.name}.${name}: ${textOf(of)}`,
            ...args.map((argument) => `${type.name}.${name}(${argument.name}: ${textOf(argument.type)})`),
          ]);
        default:
          return [`${type.kind} ${type.name}`];
      }
    })
    .filter((line) => line !== 'scalar Samples')
    .sort();
}

const schema = makeSchema();
/** The executor has a leaf where the schema has a list of samples. */
const ours = linesOf(introspectionFromSchema(schema).__schema).map((line) =>
  line.replace('Samples!', '[NullableFloat!]!'),
);
const theirs = readFileSync(FIELDS, 'utf8').trimEnd().split('\n');

test('the types and fields are those of cc-backend', () => {
  expect(ours).toEqual(theirs);
});

test.skipIf(!existsSync(INTROSPECTION))('the list of them is that of the contract', () => {
  const { __schema } = JSON.parse(readFileSync(INTROSPECTION, 'utf8')) as IntrospectionQuery;
  expect(theirs).toEqual(linesOf(__schema));
});

test('every resolver belongs to a field', () => {
  for (const [type, fields] of Object.entries(RESOLVERS)) {
    for (const field of Object.keys(fields)) {
      expect(
        ours.some((line) => line.startsWith(`${type}.${field}: `)),
        `${type}.${field}`,
      ).toBe(true);
    }
  }
});

test('every field of Query and Mutation has a resolver', () => {
  for (const type of [schema.getQueryType(), schema.getMutationType()]) {
    for (const name of Object.keys(type?.getFields() ?? {})) {
      expect(RESOLVERS[type?.name ?? '']?.[name], `${type?.name}.${name}`).toBeTypeOf('function');
    }
  }
});
