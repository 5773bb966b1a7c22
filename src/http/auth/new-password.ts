import { genSalt, hash } from 'bcryptjs';

/** The cost that cc-backend uses (contract/auth.md §8). */
const COST = 10;
/** bcrypt ignores further bytes, so a longer password is refused. */
const MOST_BYTES = 72;

/** What a new password may be, for people. */
export const PASSWORD_RULE = `at most ${MOST_BYTES} bytes`;

/** Returns what is wrong with a new password, or undefined. */
export function newPasswordProblem(password: string): string | undefined {
  return new TextEncoder().encode(password).length > MOST_BYTES ? `a password must have ${PASSWORD_RULE}` : undefined;
}

/** Returns the bcrypt hash of a password, in the form that cc-backend writes. */
export type HashPassword = (password: string) => Promise<string>;

export const hashPassword: HashPassword = async (password) => {
  const salt = await genSalt(COST);
  return await hash(password, salt.replace(/^\$2b\$/, '$2a$'));
};
