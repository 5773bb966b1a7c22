import { expect, test } from 'vitest';
import { DocumentProblem, Documents } from '../../src/graphql/documents.ts';
import { makeSchema } from '../../src/graphql/schema.ts';

const schema = makeSchema();

async function problemOf(documents: Documents, text: string): Promise<string> {
  try {
    await documents.valid(text);
    return 'none';
  } catch (error) {
    if (error instanceof DocumentProblem) return `${error.code}: ${error.errors[0]?.message}`;
    throw error;
  }
}

test('a document is parsed once, until others have taken its place', async () => {
  const documents = new Documents(schema);
  const first = await documents.valid('{ __typename }');
  expect(await documents.valid('{ __typename }')).toBe(first);
  const others = Array.from({ length: 40 }, (_, nth) => `{ a${nth}: __typename } #${'x'.repeat(4_000)}`);
  for (const text of others.slice(0, 20)) await documents.valid(text);
  expect(await documents.valid('{ __typename }')).toBe(first); // used again, so it stays
  for (const text of others.slice(20)) await documents.valid(text);
  for (const text of others.slice(0, 20)) await documents.valid(text);
  expect(await documents.valid('{ __typename }')).not.toBe(first);
});

test('a long document is not kept', async () => {
  const documents = new Documents(schema);
  const long = `{ __typename } #${'x'.repeat(20_000)}`;
  expect(await documents.valid(long)).not.toBe(await documents.valid(long));
});

test('fields are counted with their fragments', async () => {
  const documents = new Documents(schema);
  const fields = (count: number) => Array.from({ length: count }, (_, nth) => `a${nth}: __typename`).join(' ');
  expect(await problemOf(documents, `{ ${fields(3_000)} }`)).toBe('none');
  expect(
    await problemOf(documents, `{ ...f ...g } fragment f on Query { ${fields(2_600)} } fragment g on Query { ...f }`),
  ).toBe('COMPLEXITY_LIMIT_EXCEEDED: operation has complexity 5200, which exceeds the limit of 5000');
});

test('fields are nested at most 20 deep', async () => {
  const nested = (depth: number) => `{ ${'... { '.repeat(depth - 1)}__typename ${'} '.repeat(depth - 1)} }`;
  expect(await problemOf(new Documents(schema), nested(20))).toBe('none');
  expect(await problemOf(new Documents(schema), nested(21))).toBe(
    'GRAPHQL_VALIDATION_FAILED: fields are nested more than 20 deep',
  );
});

test.each([
  [
    'tokens',
    `{ ${'a '.repeat(12_001)} }`,
    'GRAPHQL_PARSE_FAILED: Syntax Error: Document contains more than 12000 tokens',
  ],
  ['characters', `{ __typename } #${'x'.repeat(131_100)}`, 'GRAPHQL_PARSE_FAILED: '],
  [
    'definitions',
    Array.from({ length: 101 }, (_, n) => `query q${n} { __typename }`).join(' '),
    'GRAPHQL_VALIDATION_FAILED: at most 100',
  ],
])('a document has a limit of %s', async (_, text, problem) => {
  expect((await problemOf(new Documents(schema), text)).startsWith(problem)).toBe(true);
});

test.each([
  ['{ a: jobs { count } a: jobs { hasNextPage } }', 'none'],
  ['{ a: jobs { count } ...f } fragment f on Query { a: jobs { count } }', 'none'],
  [
    '{ a: jobs { count } ...f } fragment f on Query { a: tags { id } }',
    'GRAPHQL_VALIDATION_FAILED: fields "a" conflict: use different aliases',
  ],
  [
    '{ jobs { items { a: id } } jobs { items { a: jobId } } }',
    'GRAPHQL_VALIDATION_FAILED: fields "a" conflict: use different aliases',
  ],
  [
    '{ jobs(page: {page: 1, itemsPerPage: 2}) { count } jobs(page: {page: 1, itemsPerPage: 3}) { count } }',
    'GRAPHQL_VALIDATION_FAILED: fields "jobs" conflict: use different aliases',
  ],
])('fields of one name: %s', async (text, problem) => {
  expect(await problemOf(new Documents(schema), text)).toBe(problem);
});
