import { genSalt, hash } from 'bcryptjs';

/** The cost that cc-backend uses (contract/auth.md §8). */
const COST = 10;
/** bcrypt ignores further bytes, so a longer password is refused. */
export const MOST_PASSWORD_BYTES = 72;

/** Returns the bcrypt hash of a password, in the form that cc-backend writes. */
export type HashPassword = (password: string) => Promise<string>;

export const hashPassword: HashPassword = async (password) => {
  const salt = await genSalt(COST);
  return await hash(password, salt.replace(/^\$2b\$/, '$2a$'));
};
