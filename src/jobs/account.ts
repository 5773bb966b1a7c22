import { Fault } from '../faults.ts';
import { refuseAbove } from './input-bounds.ts';
import { textProblem } from './job-validation.ts';
import { hasProjects, isRole, ROLES } from './roles.ts';

/** UTF-8 (contract/rest.md §9). */
const MOST_NAME_BYTES = 100;
/** What the name of a new account may be, for people. */
export const USERNAME_RULE = `a text of 1 to ${MOST_NAME_BYTES} bytes without control characters`;

/** Returns true if a new account can have this name. */
export function isUsername(name: string): boolean {
  const bytes = new TextEncoder().encode(name).length;
  const isText = name.isWellFormed() && textProblem('username', name) === undefined;
  return bytes > 0 && bytes <= MOST_NAME_BYTES && isText;
}

/** Changes that one request can make to an account. */
export const ACCOUNT_CHANGES = ['add-role', 'remove-role', 'add-project', 'remove-project'] as const;

export interface AccountChange {
  kind: (typeof ACCOUNT_CHANGES)[number];
  /** A role, in any case, or a project. */
  value: string;
}

interface Rights {
  roles: readonly string[];
  projects: readonly string[];
}

/** Returns the account after a change. Throws `conflict` if the change is not possible (contract/rest.md §9). */
export function changedAccount({ roles, projects }: Rights, { kind, value }: AccountChange): Rights {
  switch (kind) {
    case 'add-role':
      return { roles: [...roles, newRole(roles, value)], projects };
    case 'remove-role': {
      const role = knownRole(value);
      if (!roles.includes(role)) throw refused(`the user does not have the role ${role}`);
      if (hasProjects(role) && projects.length > 0) {
        throw refused('the user still manages projects: remove them first');
      }
      return { roles: roles.filter((held) => held !== role), projects };
    }
    case 'add-project':
      if (!roles.some(hasProjects)) throw refused('only a manager has projects');
      if (projects.includes(value)) throw refused('the user already manages this project');
      refuseAbove('projectsOfAccount', projects.length + 1);
      return { roles, projects: [...projects, value] };
    case 'remove-project':
      if (!roles.some(hasProjects)) throw refused('only a manager has projects');
      if (!projects.includes(value)) throw refused('the user does not manage this project');
      return { roles, projects: projects.filter((project) => project !== value) };
  }
}

function newRole(roles: readonly string[], value: string): string {
  const role = knownRole(value);
  if (roles.includes(role)) throw refused(`the user already has the role ${role}`);
  return role;
}

function knownRole(value: string): string {
  const role = value.toLowerCase();
  if (!isRole(role)) throw refused(`no such role: use ${ROLES.join(', ')}`);
  return role;
}

function refused(message: string): Fault {
  return new Fault('conflict', message);
}
