import { afterAll } from 'vitest';
import { type Rights, ROLE_RIGHTS } from '../../src/jobs/roles.ts';

/** Adds a role to the table until the tests of this file have ended. Returns the table. */
export function addRole(name: string, rights: Rights): Readonly<Record<string, Rights>> {
  if (Object.hasOwn(ROLE_RIGHTS, name)) throw new Error(`${name} is a role already: choose another name`);
  afterAll(() => {
    Reflect.deleteProperty(ROLE_RIGHTS, name);
  });
  return Object.assign(ROLE_RIGHTS, { [name]: rights });
}
