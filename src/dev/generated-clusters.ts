/** A metric of a generated cluster.json. */
function metric(name: string, base: string, prefix: string, scope: string, peak: number, more: object = {}) {
  return {
    name,
    unit: prefix === '' ? { base } : { base, prefix },
    scope,
    aggregation: base === '' ? 'avg' : 'sum',
    timestep: 60,
    peak,
    normal: peak / 2,
    caution: peak / 5,
    alert: peak / 10,
    ...more,
  };
}

/** A kind of generated nodes. */
export interface NodeKind {
  subCluster: string;
  processorType: string;
  /** The node list, which also gives the host names. */
  prefix: string;
  from: number;
  to: number;
  digits: number;
  hwthreads: number;
  sockets: number;
  memoryGb: number;
  accelerators: number;
  acceleratorModel: string;
  /** Peak of one node. */
  gflops: number;
  bandwidthGbs: number;
}

export interface Partition {
  name: string;
  /** Median of the seconds that a job of one node waits. */
  medianWaitSec: number;
}

/** What decides into which partition a job goes. */
interface Placed {
  kind: NodeKind;
  nodes: number;
  walltimeSec: number;
}

export interface GeneratedCluster {
  name: string;
  /** True if a node runs only one job at a time. */
  exclusive: boolean;
  /** Jobs per submission: large parallel jobs are single, throughput jobs are submitted by the hundred. */
  bursts: readonly number[];
  /** A job goes into the first one that takes it. */
  partitions: readonly (Partition & { takes(job: Placed): boolean })[];
  kinds: readonly NodeKind[];
}

/** A partition of every cluster. */
export const PREEMPT: Partition = { name: 'preempt', medianWaitSec: 15 };

const CPU = {
  sockets: 2,
  accelerators: 0,
  acceleratorModel: '',
  processorType: 'Intel Icelake',
  digits: 4,
} as const;
const GPU = { sockets: 2, accelerators: 8, processorType: 'AMD Milan', hwthreads: 128, digits: 3 } as const;

/**
 * A cluster of whole nodes, one of accelerators, and one of shared nodes for throughput. What runs on them is in
 * workloads.ts.
 */
const CLUSTERS = [
  {
    name: 'fern',
    exclusive: true,
    bursts: [1, 1, 1, 1, 1, 1, 2, 3, 5, 10],
    partitions: [
      { name: 'big', medianWaitSec: 2_400, takes: ({ kind }) => kind.subCluster === 'big' },
      { name: 'singlenode', medianWaitSec: 180, takes: ({ nodes }) => nodes === 1 },
      { name: 'multinode', medianWaitSec: 900, takes: () => true },
    ],
    kinds: [
      {
        ...CPU,
        subCluster: 'main',
        prefix: 'f',
        from: 1,
        to: 800,
        hwthreads: 72,
        memoryGb: 256,
        gflops: 5600,
        bandwidthGbs: 350,
      },
      {
        ...CPU,
        subCluster: 'big',
        prefix: 'f',
        from: 1001,
        to: 1064,
        hwthreads: 104,
        memoryGb: 1024,
        gflops: 6656,
        bandwidthGbs: 549,
      },
    ],
  },
  {
    name: 'gust',
    exclusive: false,
    bursts: [1, 1, 1, 1, 2, 3, 5, 10, 20],
    partitions: [
      { name: 'a40', medianWaitSec: 1_500, takes: ({ kind }) => kind.subCluster === 'a40' },
      { name: 'a100', medianWaitSec: 1_500, takes: ({ kind }) => kind.subCluster === 'a100' },
    ],
    kinds: [
      {
        ...GPU,
        subCluster: 'a40',
        prefix: 'g',
        from: 101,
        to: 138,
        memoryGb: 512,
        acceleratorModel: 'A40',
        gflops: 9216,
        bandwidthGbs: 400,
      },
      {
        ...GPU,
        subCluster: 'a100',
        prefix: 'g',
        from: 201,
        to: 220,
        memoryGb: 1024,
        acceleratorModel: 'A100',
        gflops: 9216,
        bandwidthGbs: 400,
      },
    ],
  },
  {
    name: 'moss',
    exclusive: false,
    bursts: [1, 1, 1, 1, 2, 3, 5, 10, 40],
    partitions: [
      { name: 'short', medianWaitSec: 20, takes: ({ walltimeSec }) => walltimeSec <= 7200 },
      { name: 'work', medianWaitSec: 400, takes: () => true },
    ],
    kinds: [
      {
        ...CPU,
        subCluster: 'main',
        prefix: 'm',
        from: 1,
        to: 120,
        digits: 3,
        hwthreads: 64,
        memoryGb: 128,
        gflops: 2400,
        bandwidthGbs: 200,
      },
    ],
  },
] as const satisfies readonly GeneratedCluster[];

export type GeneratedClusterName = (typeof CLUSTERS)[number]['name'];
export const GENERATED_CLUSTERS: readonly GeneratedCluster[] = CLUSTERS;

/** Host names of a kind, in order. */
export function hostsOf({ prefix, from, to, digits }: NodeKind): string[] {
  return Array.from({ length: to - from + 1 }, (_, at) => prefix + String(from + at).padStart(digits, '0'));
}

/** PCI addresses, which cc-backend's adapters use as accelerator names. */
export function acceleratorIds(kind: NodeKind): string[] {
  return Array.from(
    { length: kind.accelerators },
    (_, at) => `00000000:${(16 + at * 16).toString(16).toUpperCase()}:00.0`,
  );
}

/** The cluster.json of a generated cluster. */
export function clusterFileOf({ name, kinds }: GeneratedCluster): object {
  const [first] = kinds;
  if (first === undefined) throw new Error(`cluster ${name} has no nodes`);
  const others = kinds.slice(1);
  const perKind = (peakOf: (kind: NodeKind) => number, more: object = {}) => ({
    ...more,
    subClusters: others.map((kind) => {
      const peak = peakOf(kind);
      return { name: kind.subCluster, peak, normal: peak / 2, caution: peak / 5, alert: peak / 10, ...more };
    }),
  });
  const avg = { footprint: 'avg' };
  const power = { energy: 'power' };
  const hasAccelerators = first.accelerators > 0;
  return {
    name,
    metricConfig: [
      metric(
        'cpu_load',
        '',
        '',
        'node',
        first.hwthreads,
        perKind((kind) => kind.hwthreads, avg),
      ),
      metric('cpu_user', '', '', 'hwthread', 100),
      metric(
        'mem_used',
        'B',
        'G',
        'node',
        first.memoryGb,
        perKind((kind) => kind.memoryGb, { footprint: 'max' }),
      ),
      metric(
        'flops_any',
        'F/s',
        'G',
        'hwthread',
        first.gflops,
        perKind((kind) => kind.gflops, avg),
      ),
      metric(
        'mem_bw',
        'B/s',
        'G',
        'socket',
        first.bandwidthGbs,
        perKind((kind) => kind.bandwidthGbs, avg),
      ),
      metric('cpu_power', 'W', '', 'socket', 500, power),
      ...(hasAccelerators
        ? [
            metric('acc_utilization', '', '', 'accelerator', 100, avg),
            metric('acc_mem_used', 'B', 'G', 'accelerator', 80, { footprint: 'max' }),
            metric('acc_power', 'W', '', 'accelerator', 400, power),
          ]
        : [metric('mem_power', 'W', '', 'socket', 100, power)]),
    ],
    subClusters: kinds.map(subClusterFileOf),
  };
}

function subClusterFileOf(kind: NodeKind): object {
  const { prefix, from, to, digits, hwthreads, sockets } = kind;
  const all = Array.from({ length: hwthreads }, (_, id) => id);
  const perSocket = hwthreads / sockets;
  const socket = Array.from({ length: sockets }, (_, at) => all.slice(at * perSocket, (at + 1) * perSocket));
  const padded = (number: number) => String(number).padStart(digits, '0');
  const ids = acceleratorIds(kind).map((id) => ({ id, type: 'Nvidia GPU', model: kind.acceleratorModel }));
  return {
    name: kind.subCluster,
    nodes: `${prefix}[${padded(from)}-${padded(to)}]`,
    processorType: kind.processorType,
    socketsPerNode: sockets,
    coresPerSocket: perSocket,
    threadsPerCore: 1,
    flopRateScalar: { unit: { base: 'F/s', prefix: 'G' }, value: Math.round(kind.gflops / 16) },
    flopRateSimd: { unit: { base: 'F/s', prefix: 'G' }, value: kind.gflops },
    memoryBandwidth: { unit: { base: 'B/s', prefix: 'G' }, value: kind.bandwidthGbs },
    topology: {
      node: all,
      socket,
      memoryDomain: socket,
      core: all.map((id) => [id]),
      ...(ids.length === 0 ? {} : { accelerators: ids }),
    },
  };
}
