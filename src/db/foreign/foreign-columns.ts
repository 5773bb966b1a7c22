import { WHOLE_NUMBERS } from '../../jobs/number-fields.ts';
import type { Columns } from './read-foreign.ts';

/** Tags of a job as a JSON array of [type, name, scope]. */
function tagsExpression(hasScope: boolean): string {
  const scope = hasScope ? 'tag.tag_scope' : "'global'";
  return `(SELECT json_group_array(json_array(CAST(tag.tag_type AS TEXT), CAST(tag.tag_name AS TEXT), CAST(${scope} AS TEXT)))
    FROM jobtag JOIN tag ON tag.id = jobtag.tag_id WHERE jobtag.job_id = job.id)`;
}

/** Columns of `job`, and of `job_cache`, which has no tags. */
export function jobColumns(tags: 'none' | 'global' | 'scoped'): Columns {
  return {
    job_id: { kind: 'id' },
    cluster: { kind: 'text' },
    subcluster: { kind: 'text' },
    ...Object.fromEntries(WHOLE_NUMBERS.map(({ column }) => [column, { kind: 'number' } as const])),
    hpc_user: { kind: 'text' },
    project: { kind: 'text' },
    cluster_partition: { kind: 'text' },
    array_job_id: { kind: 'id' },
    job_state: { kind: 'text' },
    meta_data: { kind: 'text' },
    resources: { kind: 'text' },
    shared: { kind: 'text' },
    energy: { kind: 'number' },
    energy_footprint: { kind: 'text' },
    footprint: { kind: 'text' },
    tags: { kind: 'json', expression: tags === 'none' ? 'NULL' : tagsExpression(tags === 'scoped') },
  };
}

export const TAG_COLUMNS: Columns = {
  tag_type: { kind: 'text' },
  tag_name: { kind: 'text' },
  tag_scope: { kind: 'text' },
  insert_ts: { kind: 'text' },
};

export const USER_COLUMNS: Columns = {
  username: { kind: 'text' },
  password: { kind: 'text' },
  ldap: { kind: 'number' },
  name: { kind: 'text' },
  roles: { kind: 'text' },
  email: { kind: 'text' },
  projects: { kind: 'text' },
};

export const CONFIGURATION_COLUMNS: Columns = {
  username: { kind: 'text' },
  confkey: { kind: 'text' },
  value: { kind: 'text' },
};

export const NODE_COLUMNS: Columns = {
  hostname: { kind: 'text' },
  cluster: { kind: 'text' },
  subcluster: { kind: 'text' },
  meta_data: { kind: 'text' },
};

export const NODE_STATE_COLUMNS: Columns = {
  hostname: { kind: 'text', expression: '(SELECT hostname FROM node WHERE node.id = node_state.node_id)' },
  cluster: { kind: 'text', expression: '(SELECT cluster FROM node WHERE node.id = node_state.node_id)' },
  time_stamp: { kind: 'number' },
  jobs_running: { kind: 'number' },
  cpus_allocated: { kind: 'number' },
  memory_allocated: { kind: 'number' },
  gpus_allocated: { kind: 'number' },
  node_state: { kind: 'text' },
  health_state: { kind: 'text' },
  health_metrics: { kind: 'text' },
};
