import { makeKeys } from '../http/keys.ts';
import { type Command, UsageError } from './command.ts';

export const keysCommand: Command = {
  name: 'keys',
  summary: 'make a pair of keys for tokens',
  usage: `(umask 077; cc-jobs keys >> .env)

Prints two lines for .env: JWT_PUBLIC_KEY (checks tokens; serve needs it) and JWT_PRIVATE_KEY (signs them; token needs it, keep it
secret). Both are base64 of an Ed25519 key as cc-backend writes it.`,
  async run(args, io) {
    if (args.length > 0) throw new UsageError(`keys takes no arguments, not '${args.join(' ')}'`);
    const { publicKey, privateKey } = await makeKeys();
    io.stdout.write(`JWT_PUBLIC_KEY=${publicKey}\nJWT_PRIVATE_KEY=${privateKey}\n`);
    return 0;
  },
};
