import type { GeneratedClusterName } from './generated-clusters.ts';

/** The load of a program on a node. Each value is a fraction (0 to 1) of the peak. */
export interface Workload {
  app: string;
  jobNames: readonly string[];
  clusters: readonly GeneratedClusterName[];
  load: number;
  flops: number;
  bandwidth: number;
  memory: number;
  accelerators: number;
  /** Median run time and its spread (deviation of the logarithm). */
  medianSec: number;
  spread: number;
  /** Numbers of nodes. On shared clusters, numbers of hardware threads or accelerators. */
  sizes: readonly number[];
  failRate: number;
  weight: number;
}

const SMALL = [1, 1, 1, 2, 2, 4];
const LARGE = [1, 2, 4, 4, 8, 8, 16, 32, 64];

/** A typical mix of HPC sites: simulation, chemistry, machine learning, many small jobs, and interactive work. */
export const WORKLOADS: readonly Workload[] = [
  {
    app: 'vasp',
    jobNames: ['relax', 'bands', 'vasp_md', 'neb', 'phonon'],
    clusters: ['fern'],
    load: 0.97,
    flops: 0.18,
    bandwidth: 0.7,
    memory: 0.35,
    accelerators: 0,
    medianSec: 14_000,
    spread: 1.1,
    sizes: LARGE,
    failRate: 0.05,
    weight: 18,
  },
  {
    app: 'gromacs',
    jobNames: ['md_prod', 'equil', 'npt', 'umbrella'],
    clusters: ['fern', 'gust'],
    load: 0.9,
    flops: 0.3,
    bandwidth: 0.2,
    memory: 0.05,
    accelerators: 0.85,
    medianSec: 30_000,
    spread: 1.0,
    sizes: SMALL,
    failRate: 0.03,
    weight: 14,
  },
  {
    app: 'openfoam',
    jobNames: ['simpleFoam', 'les_wing', 'pimple', 'mesh'],
    clusters: ['fern'],
    load: 0.99,
    flops: 0.06,
    bandwidth: 0.85,
    memory: 0.3,
    accelerators: 0,
    medianSec: 20_000,
    spread: 1.2,
    sizes: LARGE,
    failRate: 0.07,
    weight: 12,
  },
  {
    app: 'lammps',
    jobNames: ['melt', 'polymer', 'lmp_run'],
    clusters: ['fern'],
    load: 0.98,
    flops: 0.22,
    bandwidth: 0.35,
    memory: 0.08,
    accelerators: 0,
    medianSec: 9_000,
    spread: 1.2,
    sizes: LARGE,
    failRate: 0.04,
    weight: 9,
  },
  {
    app: 'python',
    jobNames: ['train', 'sweep', 'finetune', 'eval', 'preprocess'],
    clusters: ['gust'],
    load: 0.12,
    flops: 0.01,
    bandwidth: 0.1,
    memory: 0.25,
    accelerators: 0.7,
    medianSec: 5_400,
    spread: 1.6,
    sizes: [1, 1, 1, 1, 2, 4, 8],
    failRate: 0.14,
    weight: 22,
  },
  {
    app: 'alphafold',
    jobNames: ['af2_batch', 'fold'],
    clusters: ['gust'],
    load: 0.1,
    flops: 0.02,
    bandwidth: 0.08,
    memory: 0.3,
    accelerators: 0.45,
    medianSec: 3_600,
    spread: 0.8,
    sizes: [1],
    failRate: 0.06,
    weight: 6,
  },
  {
    app: 'blast',
    jobNames: ['blastp', 'chunk', 'annot'],
    clusters: ['moss'],
    load: 0.95,
    flops: 0.01,
    bandwidth: 0.15,
    memory: 0.5,
    accelerators: 0,
    medianSec: 900,
    spread: 1.3,
    sizes: [1, 1, 2, 4, 8],
    failRate: 0.06,
    weight: 24,
  },
  {
    app: 'geant4',
    jobNames: ['sim', 'mc_batch', 'reco'],
    clusters: ['moss'],
    load: 0.99,
    flops: 0.03,
    bandwidth: 0.05,
    memory: 0.1,
    accelerators: 0,
    medianSec: 5_000,
    spread: 0.7,
    sizes: [1, 1, 1, 2],
    failRate: 0.03,
    weight: 30,
  },
  {
    app: 'R',
    jobNames: ['boot', 'mcmc', 'fit_model'],
    clusters: ['moss'],
    load: 0.8,
    flops: 0.02,
    bandwidth: 0.1,
    memory: 0.4,
    accelerators: 0,
    medianSec: 1_800,
    spread: 1.5,
    sizes: [1, 1, 4, 16, 32],
    failRate: 0.1,
    weight: 12,
  },
  {
    app: 'bash',
    jobNames: ['interactive'],
    clusters: ['fern', 'gust', 'moss'],
    load: 0.04,
    flops: 0.002,
    bandwidth: 0.01,
    memory: 0.04,
    accelerators: 0.06,
    medianSec: 2_700,
    spread: 1.2,
    sizes: [1],
    failRate: 0.02,
    weight: 8,
  },
];
