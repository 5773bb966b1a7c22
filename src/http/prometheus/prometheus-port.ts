import type { UnendedInPartition, UnendedOfOwner } from '../../questions/unended-jobs/sqlite.ts';
import type { SystemState } from '../../system-state-types.ts';

/** Counts requests, and prints them with the state of the service in the text format of Prometheus. */
export interface ServiceMetrics {
  readonly contentType: string;
  observe(request: ObservedRequest): void;
  /** `figures` is undefined if the database did not answer. */
  text(state: SystemState, figures: ClusterFigures | undefined): Promise<string>;
}

/** A request that has been answered. */
export interface ObservedRequest {
  readonly method: string;
  /** The pattern of the route, such as `/api/jobs/:id`, or `none` for a path that no route has. */
  readonly route: string;
  readonly status: number;
  readonly seconds: number;
}

/** What the clusters do now. It has no names of users, unless METRICS_TOP asks for some. */
export interface ClusterFigures {
  readonly unended: readonly UnendedInPartition[];
  readonly nodes: readonly { readonly cluster: string; readonly state: string; readonly count: number }[];
  readonly waits: readonly {
    readonly cluster: string;
    readonly partition: string;
    readonly jobs: number;
    readonly seconds: readonly { readonly p: number; readonly value: number | bigint | null }[];
  }[];
  readonly top: Readonly<Record<'user' | 'project', readonly UnendedOfOwner[]>>;
}
