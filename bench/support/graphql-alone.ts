/**
 * A server that answers a GraphQL operation by the library alone, as a yardstick for ours: no callers, no database, no
 * limits. Standard input is the answer, as JSON. Each request parses it and executes the operation over it. A document
 * is parsed and validated once. Prints the port.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json, text } from 'node:stream/consumers';
import { buildSchema, type DocumentNode, execute, parse, validate } from 'graphql';
import { SDL } from '../../src/graphql/schema.ts';
import type { PageRequest } from './page-requests.ts';

const stored = await text(process.stdin);
const schema = buildSchema(SDL);
const documents = new Map<string, DocumentNode>();

const server = createServer(async (request, response) => {
  const { query, variables } = (await json(request)) as PageRequest;
  const rootValue = (JSON.parse(stored) as { data: unknown }).data;
  const answer = await execute({ schema, document: documentOf(query), rootValue, variableValues: variables });
  response.setHeader('Content-Type', 'application/json').end(JSON.stringify(answer));
});
server.listen(0, '127.0.0.1', () => process.stdout.write(`${(server.address() as AddressInfo).port}\n`));
process.on('SIGTERM', () => process.exit());

function documentOf(query: string): DocumentNode {
  const known = documents.get(query);
  if (known !== undefined) return known;
  const document = parse(query);
  const [error] = validate(schema, document);
  if (error !== undefined) throw error;
  documents.set(query, document);
  return document;
}
