import type { JobProperty } from './job.ts';

/** The parts of the filter form, in their order. */
export const FORM_GROUPS = ['User', 'Time and state', 'Job', 'Cluster and nodes', 'Resources'] as const;

interface Common {
  /** `label` also names the field where a filter is shown in words. */
  readonly form: { readonly group: (typeof FORM_GROUPS)[number]; readonly label: string };
  /** The parameter of the API: what it means, and a value. What its kind can say of every field is not repeated here. */
  readonly api: { readonly words: string; readonly example: string };
}

/** A column of table `job`. NULL reads as '' or 0. */
export interface Stored extends Common {
  readonly column: string;
  /** Its name in a job; without one the database sets it. */
  readonly property?: JobProperty;
  /** The column may be NULL. */
  readonly nullable?: true;
}

interface StoredNumber extends Stored {
  /** Lists can be sorted by it. */
  readonly sortable?: true;
  /** Lists have a column of it, which is sortable. `rare`: only on a page with a job that has one. */
  readonly listed?: { readonly head: string; readonly rare?: true };
}

/** What a new job may hold (job-bounds.ts). Rows of other programs may hold any number. */
export interface Bounds {
  readonly least: bigint;
  /** 0 stands for a value that is not known. */
  readonly orZero?: true;
  readonly most: bigint;
}

interface StoredWhole extends StoredNumber {
  /** The column index holds values between -2^bits and 2^bits, and refuses databases with others. */
  readonly bits: number;
}

/** What an entry of a kind may say. */
export type Field =
  /** `operators`: can be compared in other ways than "is". `configured`: the clusters' configuration has the usual values. */
  | (Stored & { readonly kind: 'text'; readonly operators?: true; readonly configured?: true })
  /** The name of the job, out of its metadata. */
  | (Common & { readonly kind: 'name'; readonly operators: true })
  /** Any host of the job. */
  | (Common & { readonly kind: 'hosts'; readonly operators: true })
  | (Stored & { readonly kind: 'id'; readonly bounds?: Bounds })
  /** One of a closed set. */
  | (Stored & { readonly kind: 'member'; readonly members: readonly string[] })
  | (Common & { readonly kind: 'tag' })
  | (Common & { readonly kind: 'schedule'; readonly members: readonly string[] })
  /** Unix seconds, from 0 to so many seconds after now: a node's clock may be ahead. */
  | (StoredWhole & { readonly kind: 'time'; readonly aheadSec: number })
  /** A time in which the job ran: from its start until its end, or until now. */
  | (Common & { readonly kind: 'during' })
  /** The end of a job that has ended. */
  | (Common & { readonly kind: 'ended' })
  /** People write seconds as durations: `2h30m`. */
  | (StoredWhole & { readonly kind: 'whole'; readonly unit?: 's'; readonly bounds: Bounds })
  | (StoredNumber & { readonly kind: 'decimal'; readonly unit: string })
  /** A number of the footprint, under any key. */
  | (Common & { readonly kind: 'footprint' });
