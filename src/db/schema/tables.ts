import { DummyDriver, Kysely, SqliteAdapter, SqliteIntrospector, SqliteQueryCompiler } from 'kysely';

/** The columns of table `job` as queries use them (contract/database.md §2; the DDL is in migrations/0001). */
export interface JobTable {
  id: number;
  job_id: number;
  cluster: string;
  subcluster: string;
  submit_time: number;
  start_time: number;
  hpc_user: string;
  project: string;
  cluster_partition: string | null;
  array_job_id: number | null;
  duration: number;
  walltime: number;
  job_state: string;
  meta_data: string | null;
  resources: string;
  num_nodes: number;
  num_hwthreads: number | null;
  num_acc: number | null;
  smt: number;
  shared: string;
  monitoring_status: number;
  energy: number;
  energy_footprint: string | null;
  footprint: string | null;
}

export interface TagTable {
  id: number;
  tag_type: string;
  tag_name: string;
  insert_ts: string | null;
  tag_scope: string;
}

export interface JobTagTable {
  job_id: number;
  tag_id: number;
  insert_ts: string | null;
}

export interface UserTable {
  username: string;
  password: string | null;
  ldap: number;
  name: string | null;
  roles: string;
  email: string | null;
  projects: string;
}

export interface Tables {
  job: JobTable;
  tag: TagTable;
  jobtag: JobTagTable;
  hpc_user: UserTable;
}

/** Builds SQL but never runs it. Compiled statements go through the Database port. */
export const sqlBuilder = new Kysely<Tables>({
  dialect: {
    createAdapter: () => new SqliteAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: (db) => new SqliteIntrospector(db),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  },
});
