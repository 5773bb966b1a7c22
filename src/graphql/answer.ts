import {
  type DocumentNode,
  type ExecutionResult,
  execute,
  GraphQLError,
  type GraphQLSchema,
  getOperationAST,
  Kind,
  type OperationDefinitionNode,
  OperationTypeNode,
} from 'graphql';
import type { Context } from 'hono';
import type { Place } from '../concurrency-gate.ts';
import { nextTurn } from '../event-loop-turns.ts';
import { FAULTS, Fault } from '../faults.ts';
import { refuseForeign } from '../http/auth/same-origin.ts';
import { faultOf } from '../http/faults/fault-responses.ts';
import type { AppEnv } from '../http/service.ts';
import { complexityOf, fragmentsOf } from './complexity.ts';
import { QueryContext } from './context.ts';
import { DocumentProblem, Documents } from './documents.ts';
import { hideIntrospection, withoutIntrospection } from './introspection.ts';
import { NotPlain } from './list-without-executor.ts';
import { printed } from './print-answer.ts';
import { makeSchema, withPlainLists } from './schema.ts';
import { variableProblem } from './variables.ts';

/** The body of a request. */
export interface QueryBody {
  readonly query: string;
  readonly operationName?: string | null | undefined;
  readonly variables?: Readonly<Record<string, unknown>> | null | undefined;
}

/** What can be answered, and the status that it has where the client does not ask for one of its own. */
export interface QueryAnswer {
  readonly status: 200 | 400 | 422;
  /** In chunks. */
  readonly body: Uint8Array<ArrayBuffer>[];
}

/** Some rules print the whole value that they refuse. */
const LONGEST_MESSAGE = 1_000;

const schema = makeSchema();
const fasterSchema = withPlainLists(schema);
const documents = new Documents(schema);

/**
 * Answers a GraphQL request (contract/graphql.md §1). Throws a Fault if nothing could be executed: the deadline has
 * passed, or the queue is full.
 */
export async function answerQuery(c: Context<AppEnv>, body: QueryBody, place: Place): Promise<QueryAnswer> {
  let operation: OperationDefinitionNode;
  let document: DocumentNode;
  const variables = body.variables ?? {};
  try {
    document = await documents.valid(body.query);
    operation = operationOf(document, body.operationName);
    const problem = variableProblem(schema, operation, variables);
    if (problem !== undefined) throw new DocumentProblem('GRAPHQL_VALIDATION_FAILED', [problem]);
  } catch (error) {
    if (error instanceof DocumentProblem) return await refused(c, error);
    throw error;
  }
  if (operation.operation === 'mutation') refuseForeign(c);
  const context = new QueryContext(c, complexityOf(operation, fragmentsOf(document)), place);
  try {
    return await answered(context, { document, operation, variables });
  } finally {
    context.end();
  }
}

interface Executable {
  readonly document: DocumentNode;
  readonly operation: OperationDefinitionNode;
  readonly variables: Readonly<Record<string, unknown>>;
}

async function answered(context: QueryContext, { document, ...asked }: Executable): Promise<QueryAnswer> {
  const { GRAPHQL_INTROSPECTION: shows } = context.service.settings;
  const hidden = shows ? { document, fields: [] } : withoutIntrospection(document);
  const result = await executed(context, { document: hidden.document, ...asked });
  const { data, errors } = hideIntrospection(result, hidden.fields);
  const faults = (errors ?? []).map((error) => error.originalError ?? error);
  const [first] = faults;
  if ((data === null || data === undefined) && first instanceof Fault && FAULTS[first.code].status >= 503) throw first;
  const shown = errors?.map((error) => shownError(context.request, error));
  const notes = Object.keys(context.notes).length === 0 ? {} : { extensions: context.notes };
  return {
    status: 200,
    body: await printed(
      { ...(shown === undefined ? {} : { errors: shown }), data: data ?? null, ...notes },
      context.deadline,
    ),
  };
}

function operationOf(document: DocumentNode, name: string | null | undefined): OperationDefinitionNode {
  const operation = getOperationAST(document, name === '' ? undefined : name);
  if (operation !== null && operation !== undefined) return operation;
  const count = document.definitions.filter(({ kind }) => kind === Kind.OPERATION_DEFINITION).length;
  const message = count > 1 && !name ? 'operationName is missing' : 'there is no such operation';
  throw new DocumentProblem('GRAPHQL_VALIDATION_FAILED', [new GraphQLError(message)]);
}

/** Most lists are plain. If one is not, the executor does all of it with the answers that the database has given. */
async function executed(context: QueryContext, asked: Executable): Promise<ExecutionResult> {
  const isQuery = asked.operation.operation === OperationTypeNode.QUERY;
  const result = await executedBy(isQuery ? fasterSchema : schema, context, asked);
  const isPlain = !result.errors?.some(({ originalError }) => originalError instanceof NotPlain);
  if (isPlain) return result;
  await nextTurn(); // both attempts may have to parse a large job
  return await executedBy(schema, context, asked);
}

async function executedBy(
  by: GraphQLSchema,
  context: QueryContext,
  { document, operation, variables }: Executable,
): Promise<ExecutionResult> {
  const { signal } = context.deadline;
  try {
    return await execute({
      schema: by,
      document,
      contextValue: context,
      variableValues: variables,
      operationName: operation.name?.value,
      abortSignal: signal,
      hideSuggestions: true,
    });
  } catch (error) {
    signal.throwIfAborted(); // the library wraps the reason
    throw error;
  }
}

async function refused(c: Context<AppEnv>, { code, errors }: DocumentProblem): Promise<QueryAnswer> {
  const shown = errors.map((error) => ({
    ...error.toJSON(),
    message: error.message.slice(0, LONGEST_MESSAGE),
    extensions: { code },
  }));
  const status = code === 'COMPLEXITY_LIMIT_EXCEEDED' ? 200 : 422;
  return { status, body: await printed({ errors: shown, data: null }, c.get('deadline')) };
}

/** A Fault has its code. Any other error of a resolver is a bug: it is logged, and its text stays here. */
function shownError(c: Context<AppEnv>, error: GraphQLError): object {
  const { path, nodes, originalError: cause } = error;
  const locations = nodes?.flatMap(({ loc }) =>
    loc === undefined ? [] : [{ line: loc.startToken.line, column: loc.startToken.column }],
  );
  if (cause === undefined) return { message: error.message, path, locations };
  const fault = faultOf(cause);
  if (fault.code === 'internal') c.get('log').error({ err: cause }, 'a field could not be answered');
  return { message: fault.message, path, locations, extensions: { code: fault.code } };
}
