import { makeKeys } from '../http/auth/signing-keys.ts';
import { type Command, UsageError } from './command.ts';
import { keepPrivate } from './private-output.ts';

export const keysCommand: Command = {
  usage: `cc-jobs keys >> .env

Prints two lines for .env:
    JWT_PUBLIC_KEY    verifies tokens; required by 'cc-jobs serve'
    JWT_PRIVATE_KEY   signs tokens; required by 'cc-jobs token'. Keep it secret.

Both are Ed25519 keys in base64, as cc-backend writes them. If standard output is a new file, only its owner may read it
(mode 600). If the file already exists, other accounts lose their access to it.`,
  isShort: true,
  async run(args, io) {
    if (args.length > 0) throw new UsageError(`this command takes no arguments: '${args.join(' ')}'`);
    const { publicKey, privateKey } = await makeKeys();
    keepPrivate(io);
    io.stdout.write(`JWT_PUBLIC_KEY=${publicKey}\nJWT_PRIVATE_KEY=${privateKey}\n`);
    return 0;
  },
};
