import { makeKeys } from '../http/keys.ts';
import { type Command, UsageError } from './command.ts';
import { keepPrivate } from './private-output.ts';

export const keysCommand: Command = {
  name: 'keys',
  summary: 'make a pair of keys for tokens',
  usage: `cc-jobs keys >> .env

Prints two lines for .env: JWT_PUBLIC_KEY (checks tokens; serve needs it) and JWT_PRIVATE_KEY (signs them; token needs it, keep it
secret). Both are base64 of an Ed25519 key as cc-backend writes it. A file that is made this way is for its owner alone (600), from one
that exists others lose their rights.`,
  async run(args, io) {
    if (args.length > 0) throw new UsageError(`keys takes no arguments, not '${args.join(' ')}'`);
    const { publicKey, privateKey } = await makeKeys();
    keepPrivate(io);
    io.stdout.write(`JWT_PUBLIC_KEY=${publicKey}\nJWT_PRIVATE_KEY=${privateKey}\n`);
    return 0;
  },
};
