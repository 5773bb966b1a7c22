import { exactJson } from '../lossless-json.ts';

type Whole = number | bigint;

/** A job as the REST routes show it (src/questions/one-job/job-json.ts). Members that are zero are left out. */
export interface StoredJob {
  readonly id: Whole;
  readonly jobId: Whole;
  readonly user: string;
  readonly account?: Account | null;
  readonly project: string;
  readonly cluster: string;
  readonly subCluster: string;
  readonly partition?: string;
  readonly jobState: string;
  readonly shared: string;
  readonly startTime: Whole;
  readonly duration: Whole;
  readonly walltime?: Whole;
  readonly numNodes: Whole;
  readonly numHwthreads?: Whole;
  readonly numAcc?: Whole;
  readonly smt?: Whole;
  readonly arrayJobId?: Whole;
  readonly monitoringStatus?: Whole;
  readonly energy: number | null;
  readonly tags?: readonly { id: Whole; type: string; name: string; scope: string }[];
  readonly resources: readonly StoredResource[] | null;
  readonly footprint: Readonly<Record<string, number>> | null;
  readonly energyFootprint: Readonly<Record<string, number>> | null;
  readonly metaData: Readonly<Record<string, unknown>> | null;
}

export interface Account {
  readonly username: string;
  readonly name: string;
  readonly email: string;
}

export interface StoredResource {
  readonly hostname: string;
  readonly hwthreads?: readonly number[] | null;
  readonly accelerators?: readonly string[] | null;
  readonly configuration?: string | null;
}

const decoder = new TextDecoder();

/** Parses REST objects that are joined by commas. */
export function storedJobs(batch: Uint8Array): StoredJob[] {
  return exactJson(`[${decoder.decode(batch)}]`) as StoredJob[];
}
