import type { GraphQLResolveInfo } from 'graphql';
import { credentialOf } from '../http/upstream/credential.ts';
import type { QueryContext } from './context.ts';
import { readUpstreamAnswer, UnusableAnswer } from './read-upstream-answer.ts';
import { givenArguments, requestFor, type SentArguments, selectedField } from './write-upstream-document.ts';

interface Asked {
  /** The metrics that the caller must not see. They are left out. */
  readonly hidden: readonly string[];
  /** The fields that are asked, of those that the client has selected. */
  readonly only?: readonly string[];
  /** The arguments in place of those that the client has given. */
  readonly sent?: SentArguments;
}

/**
 * Asks the cc-backend of GRAPHQL_UPSTREAM for a root field. The caller's right to it has been checked. Undefined
 * without the setting, and without an answer: the extensions of the answer then say why.
 */
export async function fromUpstream(
  context: QueryContext,
  info: GraphQLResolveInfo,
  { hidden, only, sent = givenArguments(info) }: Asked,
): Promise<unknown> {
  const upstream = context.request.get('upstream');
  if (upstream === undefined) return undefined;
  const field = selectedField(info, only);
  const request = requestFor(info, field, sent);
  const { key } = info.path;
  // Each mutation is sent: 1, 2 and 1 again must not end as 2.
  const asOne = info.operation.operation === 'mutation' ? key : null;
  const answer = await context.shared(['upstream', request, asOne], async () => {
    const credential = await credentialOf(context.request);
    if (credential === undefined) return { lacks: 'you are not logged in at cc-backend' };
    const held = context.request.get('held');
    const deadline = context.request.get('deadline');
    held.checkRoom(deadline.caller); // before asking: an answer may be as large as the free space
    const received = await context.place.leave(() => upstream.ask(request, credential, deadline));
    if ('lacks' in received) return received;
    context.takeBytes(received.text.length);
    try {
      const isHidden = (metric: string) => hidden.includes(metric);
      return { value: await readUpstreamAnswer(received.text, info.fieldName, field, isHidden, context.turns) };
    } catch (error) {
      if (error instanceof UnusableAnswer) return upstream.failure(error.message);
      throw error;
    }
  });
  if ('value' in answer) return answer.value;
  context.lacks(String(key), `cc-backend: ${answer.lacks}`);
  return undefined;
}
