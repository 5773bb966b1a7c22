import { updateConfiguration } from '../../cc-frontend/user-settings.ts';
import { accountOf } from '../../db/statements/user-by-name.ts';
import { Fault } from '../../faults.ts';
import { mayReadAccount } from '../../jobs/visibility.ts';
import { fromUpstream } from '../ask-upstream.ts';
import type { Resolvers } from './resolver.ts';

export const ACCOUNTS: Resolvers = {
  Query: {
    async user(_, { username }: { username: string }, context) {
      if (!mayReadAccount(context.user, username)) {
        throw new Fault('forbidden', 'the roles of this account do not allow reading other accounts');
      }
      const db = context.request.get('db');
      const [account = null] = await context.once(['account', username], (deadline) =>
        db.read(accountOf(username), deadline),
      );
      return account;
    },
  },
  Mutation: {
    /**
     * For a caller without an account nothing is stored. An error would show on every visit of the Analysis page.
     * cc-backend keeps the settings of a user in its memory for a day, so that of GRAPHQL_UPSTREAM gets the change too.
     */
    async updateConfiguration(_, { name: key, value }: { name: string; value: string }, context, info) {
      const db = context.request.get('db');
      await context.run((deadline) => updateConfiguration(db, context.user, { key, value }, deadline));
      await fromUpstream(context, info, { hidden: [] });
      return null;
    },
  },
};
