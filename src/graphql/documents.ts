import {
  type DocumentNode,
  GraphQLError,
  type GraphQLSchema,
  Kind,
  type OperationDefinitionNode,
  OverlappingFieldsCanBeMergedRule,
  parse,
  Source,
  specifiedRules,
  validate,
} from 'graphql';
import { nextTurn } from '../event-loop-turns.ts';
import { COMPLEXITY_LIMIT, complexityOf, conflictIn, fragmentsOf } from './complexity.ts';

/** The largest document of cc-backend's pages has 400 tokens in 2 KB. One of the allowed complexity needs 6,000. */
const MOST_TOKENS = 12_000;
const MOST_CHARACTERS = 128 * 1024;
const MOST_DEFINITIONS = 100;
/** Of a short document, and of a long one: an error may print a value of thousands of fields. */
const MOST_ERRORS = { short: 10, long: 3 };
/**
 * Texts of all cached documents. A tree takes about 40 times the bytes of its text. The pages of cc-backend send some 40
 * documents of 1 KB, and another one for each page of a job.
 */
const CACHED_TEXT_BYTES = 96 * 1024;
/** Longer texts are not cached: no page sends them. */
const LONGEST_CACHED = 16 * 1024;

/** Rules checked in one turn of the event loop. All of them take 50 ms for the largest document, half of them 25. */
const RULES_PER_TURN = 10;
/** Shorter documents are checked in one turn. */
const SHORT_CHARACTERS = 4 * 1024;

const RULES = specifiedRules.filter((rule) => rule !== OverlappingFieldsCanBeMergedRule);

export type DocumentCode = 'GRAPHQL_PARSE_FAILED' | 'GRAPHQL_VALIDATION_FAILED' | 'COMPLEXITY_LIMIT_EXCEEDED';

/** Why a document cannot be executed. */
export class DocumentProblem extends Error {
  readonly code: DocumentCode;
  readonly errors: readonly GraphQLError[];

  constructor(code: DocumentCode, errors: readonly GraphQLError[]) {
    super(code);
    this.code = code;
    this.errors = errors;
  }
}

/** Parses and validates documents, and keeps the last ones: that saves a request 1.5 ms. */
export class Documents {
  readonly #schema: GraphQLSchema;
  /** In the order of their last use. */
  readonly #kept = new Map<string, DocumentNode>();
  #keptBytes = 0;

  constructor(schema: GraphQLSchema) {
    this.#schema = schema;
  }

  /** Throws DocumentProblem. Other requests get a turn while a long document is checked. */
  async valid(text: string): Promise<DocumentNode> {
    const known = this.#kept.get(text);
    if (known !== undefined) {
      this.#kept.delete(text);
      this.#kept.set(text, known);
      return known;
    }
    const document = await this.#parsed(text);
    this.#keep(text, document);
    return document;
  }

  async #parsed(text: string): Promise<DocumentNode> {
    if (text.trim() === '') throw invalid([new GraphQLError('no operation provided')]);
    const source = new Source(text);
    const document = syntaxOf(source);
    if (document.definitions.length > MOST_DEFINITIONS) {
      throw invalid([new GraphQLError(`at most ${MOST_DEFINITIONS} operations and fragments are allowed`)]);
    }
    const fragments = fragmentsOf(document);
    const operations = document.definitions.filter((definition) => definition.kind === Kind.OPERATION_DEFINITION);
    // First, because the rules take long for a large document.
    for (const operation of operations) checkComplexity(operation, fragments);
    const isShort = text.length <= SHORT_CHARACTERS;
    const rulesPerTurn = isShort ? RULES.length : RULES_PER_TURN;
    const maxErrors = isShort ? MOST_ERRORS.short : MOST_ERRORS.long;
    for (let at = 0; at < RULES.length; at += rulesPerTurn) {
      if (!isShort) await nextTurn();
      const rules = RULES.slice(at, at + rulesPerTurn);
      const errors = validate(this.#schema, document, rules, { hideSuggestions: true, maxErrors });
      if (errors.length > 0) throw invalid(errors);
    }
    if (!isShort) await nextTurn();
    for (const operation of operations) {
      const conflict = conflictIn(operation, fragments);
      if (conflict !== undefined) throw invalid([conflict]);
    }
    source.body = ''; // an error of a field would look for its line here, from the beginning
    return document;
  }

  #keep(text: string, document: DocumentNode): void {
    if (text.length > LONGEST_CACHED) return;
    this.#kept.set(text, document);
    this.#keptBytes += text.length;
    for (const [oldest] of this.#kept) {
      if (this.#keptBytes <= CACHED_TEXT_BYTES) break;
      this.#kept.delete(oldest);
      this.#keptBytes -= oldest.length;
    }
  }
}

function syntaxOf(source: Source): DocumentNode {
  try {
    return parse(source, {
      maxLexicalTokens: MOST_TOKENS,
      maxComments: MOST_TOKENS,
      maxSourceLength: MOST_CHARACTERS,
    });
  } catch (error) {
    if (error instanceof GraphQLError) throw new DocumentProblem('GRAPHQL_PARSE_FAILED', [error]);
    // A list or selection nested ten thousand deep overflows the stack of the parser.
    if (error instanceof RangeError) {
      throw new DocumentProblem('GRAPHQL_PARSE_FAILED', [new GraphQLError('the document is nested too deeply')]);
    }
    throw error;
  }
}

function checkComplexity(operation: OperationDefinitionNode, fragments: ReturnType<typeof fragmentsOf>): void {
  let complexity: number;
  try {
    complexity = complexityOf(operation, fragments);
  } catch (error) {
    if (error instanceof GraphQLError) throw invalid([error]);
    throw error;
  }
  if (complexity <= COMPLEXITY_LIMIT) return;
  const message = `operation has complexity ${complexity}, which exceeds the limit of ${COMPLEXITY_LIMIT}`;
  throw new DocumentProblem('COMPLEXITY_LIMIT_EXCEEDED', [new GraphQLError(message)]);
}

function invalid(errors: readonly GraphQLError[]): DocumentProblem {
  return new DocumentProblem('GRAPHQL_VALIDATION_FAILED', errors);
}
