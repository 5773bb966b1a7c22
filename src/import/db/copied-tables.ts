import {
  CONFIGURATION_COLUMNS,
  NODE_COLUMNS,
  NODE_STATE_COLUMNS,
  TAG_COLUMNS,
  USER_COLUMNS,
} from '../../db/foreign/foreign-columns.ts';
import type { Columns } from '../../db/foreign/read-foreign.ts';
import type { SqlValue } from '../../db/statement.ts';

export interface CopiedTable {
  readonly table: string;
  readonly columns: Columns;
  /** The values of columns that the other database lacks. */
  readonly defaults: Readonly<Record<string, SqlValue>>;
  /** What a row is, for people. Not all are worth a word. */
  readonly one?: string;
}

/**
 * The tables of another database that are copied unchanged, each with the write that stores its rows. Each comes after
 * the tables that it refers to.
 */
export const COPIED_TABLES = {
  copyTags: { table: 'tag', columns: TAG_COLUMNS, defaults: { tag_scope: 'global' }, one: 'tag' },
  copyUsers: {
    table: 'hpc_user',
    columns: USER_COLUMNS,
    defaults: { ldap: 0, roles: '[]', projects: '[]' },
    one: 'user',
  },
  copyConfiguration: { table: 'configuration', columns: CONFIGURATION_COLUMNS, defaults: {} },
  copyNodes: { table: 'node', columns: NODE_COLUMNS, defaults: {}, one: 'node' },
  copyNodeStates: {
    table: 'node_state',
    columns: NODE_STATE_COLUMNS,
    defaults: { jobs_running: 0, cpus_allocated: 0, memory_allocated: 0, gpus_allocated: 0, health_state: 'failed' },
    one: 'node state',
  },
} as const satisfies Readonly<Record<string, CopiedTable>>;

export type Copy = keyof typeof COPIED_TABLES;
export const COPIES = Object.keys(COPIED_TABLES) as readonly Copy[];
