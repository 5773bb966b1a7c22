import type { Job, Resource, Tag } from '../jobs/job.ts';
import type { JobState } from '../jobs/job-enums.ts';
import { PREEMPT } from './generated-clusters.ts';
import type { Pool, Template } from './population.ts';
import type { Random } from './random.ts';

/** The common properties of one submission. */
export interface Submission {
  template: Template;
  /** Its jobs fail at once, for example because of a wrong path or a missing module. */
  broken: boolean;
  arrayJobId: number;
}

/** One job of a submission at `endTime`. It is still running if it would end later. */
export function jobOf(
  random: Random,
  { template, broken, arrayJobId }: Submission,
  jobId: number,
  { submitTime, startTime }: { submitTime: number; startTime: number },
  endTime: number,
): Job {
  const { pool, workload } = template;
  const outcome = outcomeOf(random, template, broken);
  const isRunning = startTime + outcome.duration > endTime;
  const duration = isRunning ? endTime - startTime : outcome.duration;
  const load = loadOf(random, template, outcome.state);
  const hasFootprint = !isRunning || duration > 600; // cc-backend's footprint worker skips younger jobs
  const energyFootprint = energyOf(template, load, isRunning ? 0 : duration);
  return {
    jobId,
    cluster: pool.cluster.name,
    subCluster: pool.kind.subCluster,
    partition: template.partition.name,
    project: template.project,
    user: template.user,
    shared: pool.cluster.exclusive ? 'none' : 'multi_user',
    jobState: isRunning ? 'running' : outcome.state,
    submitTime,
    startTime,
    duration,
    walltime: template.walltimeSec,
    arrayJobId,
    numNodes: template.nodes,
    numHwthreads: template.hwthreads,
    numAcc: template.accelerators,
    monitoringStatus: isRunning ? 1 : 0,
    energy: isRunning ? 0 : round2(Object.values(energyFootprint).reduce((sum, kWh) => sum + kWh, 0)),
    resources: resourcesOf(random, template),
    footprint: hasFootprint ? footprintOf(pool, workload.accelerators > 0, load) : null,
    energyFootprint: isRunning ? null : energyFootprint,
    metaData: template.metaData,
    tags: random.chance(0.01) ? [tagOf(random, template)] : [],
  };
}

function outcomeOf(random: Random, template: Template, broken: boolean): { state: JobState; duration: number } {
  const { workload, walltimeSec } = template;
  const whole = random.lognormal(template.medianSec, workload.spread);
  const seconds = (value: number) => Math.max(1, Math.round(Math.min(value, walltimeSec)));
  const quick = () => seconds(random.lognormal(25, 1));
  if (broken && random.chance(0.9)) return { state: 'failed', duration: quick() };
  const dice = random.unit();
  if (dice < workload.failRate * 0.6) return { state: 'failed', duration: quick() };
  if (dice < workload.failRate) return { state: 'failed', duration: seconds(whole * random.unit()) };
  if (dice > 0.9995) return { state: 'boot_fail', duration: random.below(120) };
  if (dice > 0.999) return { state: 'deadline', duration: seconds(whole) };
  if (dice > 0.997) return { state: 'node_fail', duration: seconds(whole * random.unit()) };
  if (template.partition === PREEMPT && dice > 0.8)
    return { state: 'preempted', duration: seconds(whole * random.unit()) };
  if (dice > 0.94) return { state: 'cancelled', duration: seconds(whole * random.unit()) };
  if (dice > 0.94 - 0.05 * workload.memory) return { state: 'out_of_memory', duration: seconds(whole * random.unit()) };
  // Slurm kills a job up to half a minute late.
  if (whole > walltimeSec) return { state: 'timeout', duration: walltimeSec + random.below(31) };
  return { state: 'completed', duration: seconds(whole) };
}

/** The load of the job on its part of a node, 0 to 1. */
interface Load {
  cpu: number;
  flops: number;
  bandwidth: number;
  memory: number;
  accelerators: number;
}

function loadOf(random: Random, { workload, skill }: Template, state: JobState): Load {
  const part = state === 'failed' || state === 'boot_fail' ? random.unit() * 0.6 : 1;
  const scatter = (value: number) => Math.min(1, Math.max(0, value * part * (1 + 0.12 * random.normal())));
  const work = skill * part;
  return {
    cpu: scatter(workload.load),
    flops: scatter(workload.flops * work),
    bandwidth: scatter(workload.bandwidth * work),
    memory: state === 'out_of_memory' ? random.between(0.97, 1) : scatter(workload.memory),
    accelerators: scatter(workload.accelerators * work),
  };
}

function footprintOf({ kind }: Pool, usesAccelerators: boolean, load: Load): Record<string, number> {
  const footprint: Record<string, number> = {
    cpu_load_avg: round2(load.cpu * kind.hwthreads),
    flops_any_avg: round2(load.flops * kind.gflops),
    mem_bw_avg: round2(load.bandwidth * kind.bandwidthGbs),
    mem_used_max: round2(load.memory * kind.memoryGb),
  };
  if (kind.accelerators > 0) {
    footprint.acc_mem_used_max = round2(usesAccelerators ? load.accelerators * 60 : 0);
    footprint.acc_utilization_avg = round2(load.accelerators * 100);
  }
  return footprint;
}

function energyOf({ pool, nodes, accelerators }: Template, load: Load, duration: number): Record<string, number> {
  const kWh = (watt: number) => round2((watt * nodes * (duration / 3600)) / 1000);
  const cpu = { cpu_power: kWh(120 + 330 * load.cpu) };
  return pool.kind.accelerators > 0
    ? { ...cpu, acc_power: kWh(accelerators * (50 + 300 * load.accelerators)) }
    : { ...cpu, mem_power: kWh(20 + 70 * load.bandwidth) };
}

function resourcesOf(random: Random, { pool, nodes, hwthreads, accelerators }: Template): Resource[] {
  const { hosts } = pool;
  const first = random.below(hosts.length);
  if (pool.cluster.exclusive) {
    return Array.from({ length: Math.min(nodes, hosts.length) }, (_, at) => ({
      hostname: hosts[(first + at) % hosts.length] ?? '',
    }));
  }
  // On a shared node the job gets a block of threads and the accelerators that belong to it.
  const blocks = Math.floor(pool.kind.hwthreads / hwthreads);
  const block = random.below(blocks);
  const threads = pool.hwthreads.slice(block * hwthreads, (block + 1) * hwthreads);
  const hostname = hosts[first] ?? '';
  if (accelerators === 0) return [{ hostname, hwthreads: threads }];
  const ids = pool.acceleratorIds.slice(block * accelerators, (block + 1) * accelerators);
  return [{ hostname, hwthreads: threads, accelerators: ids }];
}

function tagOf(random: Random, { user, workload }: Template): Tag {
  const dice = random.unit();
  if (dice < 0.8) return { type: 'app', name: workload.app, scope: 'global' };
  if (dice < 0.9) return { type: 'review', name: random.pick(['low-load', 'good-example']), scope: 'admin' };
  return { type: 'note', name: `paper-${user}`, scope: user };
}

function round2(value: number): number {
  return Math.round(value * 100) / 100;
}
