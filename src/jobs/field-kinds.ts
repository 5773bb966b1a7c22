/** The sections of the filter form, in order. */
export const FORM_GROUPS = ['User', 'Time and state', 'Job', 'Cluster and nodes', 'Resources'] as const;

interface Common {
  /** `label` also names the field where a filter is shown as text. */
  readonly form: { readonly group: (typeof FORM_GROUPS)[number]; readonly label: string };
  /** The parameter of the API: its meaning and an example. Texts that apply to a whole kind are not repeated here. */
  readonly api: { readonly words: string; readonly example: string };
}

/** A field that is a column of table `job`. NULL reads as '' or 0. */
export interface Stored extends Common {
  readonly column: string;
  /** Its name in a job, in the API and in meta.json. If absent, the database sets the column. */
  readonly property?: string;
  /** True if the column may be NULL. */
  readonly nullable?: true;
}

interface Sortable {
  /** True if lists can be sorted by it. */
  readonly sortable?: true;
  /** Set if lists show it; it is then sortable. `rare`: a page shows the column only if one of its jobs has a value. */
  readonly listed?: { readonly head: string; readonly rare?: true };
}

type StoredNumber = Stored & Sortable;

/** The values allowed in a new job (job-validation.ts). Rows of other programs may have any number. */
export interface Bounds {
  readonly least: bigint;
  /** True if 0 is allowed and means "unknown". */
  readonly orZero?: true;
  readonly most: bigint;
}

interface Indexed {
  /** The column index stores values between -2^bits and 2^bits in small columns, and jobs with others apart. */
  readonly bits: number;
}

type StoredWhole = StoredNumber & Indexed;

/** The properties of an entry, by kind. */
export type Field =
  /** `operators`: conditions other than "is" exist. `configured`: the cluster configuration lists the usual values. */
  | (Stored & { readonly kind: 'text'; readonly operators?: true; readonly configured?: true })
  /** The name of the job, from its metadata. */
  | (Common & { readonly kind: 'name'; readonly operators: true })
  /** Matches any host of the job. */
  | (Common & { readonly kind: 'hosts'; readonly operators: true })
  | (Stored & { readonly kind: 'id'; readonly bounds?: Bounds })
  /** One of a fixed set of values. */
  | (Stored & { readonly kind: 'member'; readonly members: readonly string[] })
  | (Common & { readonly kind: 'tag' })
  | (Common & { readonly kind: 'schedule'; readonly members: readonly string[] })
  /** Unix seconds, from 0 to `aheadSec` seconds after now, since the clock of a node may be ahead. */
  | (StoredWhole & { readonly kind: 'time'; readonly aheadSec: number })
  /** A time in which the job ran: from its start to its end, or to now. */
  | (Common & { readonly kind: 'during' })
  /** The end of a job that has ended. */
  | (Common & { readonly kind: 'ended' })
  /** Seconds can be entered as durations: `2h30m`. */
  | (StoredWhole & { readonly kind: 'whole'; readonly unit?: 's'; readonly bounds: Bounds })
  | (StoredNumber & { readonly kind: 'decimal'; readonly unit: string })
  /**
   * A whole number that follows from stored values (db/sql/derived-fields.ts). NULL if they are unknown: no range matches NULL,
   * and it is the least value of a list. `property` is the name in answers.
   */
  | (Common & Sortable & Indexed & { readonly kind: 'derived'; readonly property: string; readonly unit: 's' | 'MB' })
  /**
   * The part of what a job asked for that it used: 1 is all of it. It is computed when it is needed
   * (jobs/used-fractions.ts). NULL if it is unknown, as for a derived number.
   */
  | (Common & Sortable & { readonly kind: 'fraction'; readonly property: string })
  /** A number of the footprint, under any key. */
  | (Common & { readonly kind: 'footprint' });
