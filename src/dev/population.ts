import {
  acceleratorIds,
  GENERATED_CLUSTERS,
  type GeneratedCluster,
  hostsOf,
  type NodeKind,
  type Partition,
  PREEMPT,
} from './generated-clusters.ts';
import { Random, weightedTable } from './random.ts';
import { WORKLOADS, type Workload } from './workloads.ts';

/** Nodes of one kind, with the resources that jobs share. */
export interface Pool {
  cluster: GeneratedCluster;
  kind: NodeKind;
  hosts: readonly string[];
  hwthreads: readonly number[];
  acceleratorIds: readonly string[];
}

/** The work that a user runs repeatedly. Jobs of a template differ in run time, hosts, outcome and a little in load. */
export interface Template {
  user: string;
  project: string;
  pool: Pool;
  partition: Partition;
  workload: Workload;
  /** Number of nodes, 1 on shared clusters. */
  nodes: number;
  hwthreads: number;
  accelerators: number;
  walltimeSec: number;
  medianSec: number;
  /** How well it uses the node compared with others of its kind. */
  skill: number;
  /** Jobs per submission. Most are single. Some are submitted by the hundred, as an array or from a loop. */
  burst: number;
  isArray: boolean;
  metaData: Record<string, string>;
}

const SYLLABLES = 'ka lo mi ra ten sol bru ven dar fi go hal ju nor pel qui sta tor ul wes'.split(' ');
const WALLTIMES_H = [0.5, 1, 2, 4, 8, 12, 24, 24, 24, 48, 96];

/** Templates by their frequency, heavy-tailed over users and over the templates of each user. */
export function population(seed: number, jobs: number): Template[] {
  const random = new Random(seed ^ 0x5eed);
  const userCount = Math.min(1500, Math.round(60 + Math.sqrt(jobs) / 3));
  const projects = names(random, Math.ceil(userCount / 4)).map((name, at) => `${name.slice(0, 2)}${100 + at}`);
  const projectTable = weightedTable(projects, (_, at) => 1 / (at + 1) ** 0.8);
  const workloadTable = weightedTable(WORKLOADS, ({ weight }) => weight);
  const pools = GENERATED_CLUSTERS.flatMap((cluster) => cluster.kinds.map((kind) => poolOf(cluster, kind)));
  const users = names(random, userCount).map((name) => {
    const project = random.pick(projectTable);
    const count = 1 + random.below(10);
    const templates = Array.from({ length: count }, () =>
      templateOf(random, `${project.slice(0, 2)}${name}`, project, random.pick(workloadTable), pools),
    );
    return weightedTable(templates, (_, at) => 1 / (at + 1)).slice(0, 4096);
  });
  // A few users run most of the jobs. The exponent is close to those of published workload logs.
  return weightedTable(users, (_, at) => 1 / (at + 1) ** 1.05).map((templates) => random.pick(templates));
}

function names(random: Random, count: number): string[] {
  return Array.from({ length: count }, (_, at) => {
    const base = random.pick(SYLLABLES) + random.pick(SYLLABLES);
    return `${base}${String(at).padStart(3, '0')}`;
  });
}

function poolOf(cluster: GeneratedCluster, kind: NodeKind): Pool {
  const hwthreads = Array.from({ length: kind.hwthreads }, (_, id) => id);
  return { cluster, kind, hosts: hostsOf(kind), hwthreads, acceleratorIds: acceleratorIds(kind) };
}

function templateOf(
  random: Random,
  user: string,
  project: string,
  workload: Workload,
  pools: readonly Pool[],
): Template {
  const clusterName = random.pick(workload.clusters);
  const own = pools.filter(({ cluster }) => cluster.name === clusterName);
  // Most nodes are of the first kind.
  const pool = random.chance(0.75) ? own[0] : own.at(-1);
  if (pool === undefined) throw new Error(`no nodes for cluster ${clusterName}`);
  const { kind, cluster } = pool;
  const size = random.pick(workload.sizes);
  const accelerators = kind.accelerators > 0 ? Math.min(size, kind.accelerators) : 0;
  const nodes = cluster.exclusive ? size : 1;
  const perNode = accelerators > 0 ? (kind.hwthreads / kind.accelerators) * accelerators : size;
  const medianSec = workload.medianSec * random.between(0.3, 2.5);
  const fitting = WALLTIMES_H.filter((hours) => hours * 3600 > medianSec * 1.2);
  const walltimeSec = (fitting.length === 0 ? 96 : random.pick(fitting)) * 3600;
  const burst = workload.app === 'bash' ? 1 : random.pick(cluster.bursts);
  const jobName =
    workload.jobNames.length === 1 ? 'interactive' : `${random.pick(workload.jobNames)}_${random.below(40)}`;
  const partition = partitionOf(random, pool, nodes, walltimeSec);
  const hwthreads = cluster.exclusive ? nodes * kind.hwthreads : perNode;
  return {
    user,
    project,
    pool,
    partition,
    workload,
    nodes,
    hwthreads,
    accelerators,
    walltimeSec,
    medianSec,
    skill: random.between(0.4, 1),
    burst,
    isArray: burst >= 3 && random.chance(0.6),
    metaData: metaDataOf(jobName, workload, {
      ...{ nodes, partition, walltimeSec, project, user, hwthreads, accelerators },
      memoryMb: memoryMb(kind, hwthreads),
    }),
  };
}

function partitionOf(random: Random, { cluster, kind }: Pool, nodes: number, walltimeSec: number): Partition {
  if (random.chance(0.05)) return PREEMPT;
  const partition = cluster.partitions.find(({ takes }) => takes({ kind, nodes, walltimeSec }));
  if (partition === undefined) throw new Error(`no partition of ${cluster.name} for a job on ${kind.subCluster}`);
  return partition;
}

/** The memory of that many hardware threads, which Slurm gives without a request: a node keeps some for its system. */
function memoryMb(kind: NodeKind, hwthreads: number): number {
  return Math.floor((kind.memoryGb * 930 * hwthreads) / kind.hwthreads);
}

interface AskedFor extends Pick<Template, 'nodes' | 'partition' | 'walltimeSec' | 'project' | 'user' | 'hwthreads'> {
  readonly accelerators: number;
  readonly memoryMb: number;
}

function metaDataOf(jobName: string, { app }: Workload, job: AskedFor): Record<string, string> {
  const minutes = job.walltimeSec / 60;
  const gpus = job.accelerators > 0 ? `,gres/gpu=${job.accelerators}` : '';
  return {
    jobName,
    jobScript: `#!/bin/bash -l\n#SBATCH --nodes=${job.nodes}\n#SBATCH --time=${minutes}\n#SBATCH --partition=${job.partition.name}\nmodule load ${app}\nsrun ${app} input.dat > out.log\n`,
    slurmInfo: `JobName=${jobName}\n   UserId=${job.user} Account=${job.project} QOS=normal\n   TimeLimit=${minutes} Partition=${job.partition.name}\n   NumNodes=${job.nodes} Command=./job.sh\n   TRES_req=cpu=${job.hwthreads},mem=${job.memoryMb}M,node=${job.nodes},billing=${job.hwthreads}${gpus}\n`,
  };
}
