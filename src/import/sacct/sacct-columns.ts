import { type AlignedColumn, align } from './free-text.ts';
import { isWallTime } from './local-clock.ts';
import { durationSec, stateOf } from './sacct-values.ts';

/** The columns that an import uses. */
const KNOWN = [
  'jobid',
  'jobidraw',
  'cluster',
  'partition',
  'qos',
  'account',
  'user',
  'submit',
  'eligible',
  'start',
  'end',
  'elapsed',
  'elapsedraw',
  'exitcode',
  'state',
  'ncpus',
  'alloccpus',
  'reqcpus',
  'alloctres',
  'reqtres',
  'reqmem',
  'allocgres',
  'timelimit',
  'timelimitraw',
  'nodelist',
  'jobname',
  'consumedenergyraw',
] as const;
export type Column = (typeof KNOWN)[number];
/** Returns the value of a column, or '' if it is absent. */
export type Fields = (column: Column) => string;

/** The required columns. A file needs one of each group. */
const NEEDED: readonly (readonly Column[])[] = [
  ['jobidraw', 'jobid'],
  ['user'],
  ['account'],
  ['start'],
  ['elapsedraw', 'elapsed', 'end'],
  ['state'],
  ['nodelist'],
];

/** The columns with the number of processors. One of them is enough. */
const PROCESSORS: readonly Column[] = ['alloccpus', 'ncpus', 'alloctres', 'reqcpus'];

/** The columns with texts written by users. */
const FREE =
  'jobname submitline workdir comment admincomment systemcomment extra container constraints stdin stdout stderr wckey licenses';

/** The texts that the other columns of sacct accept. A column that is not listed accepts any text. */
const KINDS: readonly { columns: string; accepts: (text: string) => boolean }[] = [
  { columns: 'jobid jobidraw', accepts: (text) => /^(?:\d+(?:[_+](?:\d+|\[.*\]))?(?:\.\w+)?)?$/.test(text) },
  { columns: 'state', accepts: (text) => stateOf(text) !== undefined },
  {
    columns: 'submit eligible start end',
    accepts: (text) => isWallTime(text) || /^(?:\d{1,11}|Unknown|None)?$/.test(text),
  },
  {
    columns: 'elapsed suspended systemcpu usercpu totalcpu cputime avecpu mincpu planned plannedcpu timelimit',
    accepts: (text) => durationSec(text) !== undefined || /^(?:\w*_?Limit|UNLIMITED|INVALID)?$/i.test(text),
  },
  {
    columns:
      'elapsedraw timelimitraw cputimeraw plannedcpuraw alloccpus ncpus reqcpus nnodes allocnodes reqnodes ntasks uid gid associd dbindex priority qosraw restarts reservationid wckeyid',
    accepts: (text) => /^\d*$/.test(text),
  },
  { columns: 'exitcode derivedexitcode', accepts: (text) => /^(?:\d+:\d+)?$/.test(text) },
  { columns: 'alloctres reqtres', accepts: (text) => /^(?:[\w/:.-]+=[^=,|\s]+(?:,|$))*$/.test(text) },
  {
    columns: 'cluster user account group partition qos',
    accepts: (text) => /^(?:[^\s"'|=/;()<>]*|\(null\))$/.test(text),
  },
  { columns: 'nodelist', accepts: (text) => /^(?:[\w.,[\]-]*|None assigned|\(null\))$/.test(text) },
];

const ACCEPTS: ReadonlyMap<string, (text: string) => boolean> = new Map(
  KINDS.flatMap(({ columns, accepts }) => columns.split(' ').map((name) => [name, accepts] as const)),
);
const IS_FREE: ReadonlySet<string> = new Set(FREE.split(' '));

/**
 * The column orders of `sacct --parsable2 --noheader --allocations` in Open XDMoD, by the first release that used them
 * (its classes/OpenXdmod/Shredder/Slurm.php).
 */
const ORDERS: Readonly<Record<string, string>> = {
  xdmod6:
    'jobid,jobidraw,cluster,partition,account,group,gid,user,uid,submit,eligible,start,end,elapsed,exitcode,state,nnodes,ncpus,reqcpus,reqmem,timelimit,nodelist,jobname',
  xdmod8:
    'jobid,jobidraw,cluster,partition,account,group,gid,user,uid,submit,eligible,start,end,elapsed,exitcode,state,nnodes,ncpus,reqcpus,reqmem,reqgres,reqtres,timelimit,nodelist,jobname',
  xdmod9:
    'jobid,jobidraw,cluster,partition,account,group,gid,user,uid,submit,eligible,start,end,elapsed,exitcode,state,nnodes,ncpus,reqcpus,reqmem,reqtres,alloctres,timelimit,nodelist,jobname',
  xdmod10:
    'jobid,jobidraw,cluster,partition,qos,account,group,gid,user,uid,submit,eligible,start,end,elapsed,exitcode,state,nnodes,ncpus,reqcpus,reqmem,reqtres,alloctres,timelimit,nodelist,jobname',
};
const NEWEST: readonly string[] = (ORDERS['xdmod10'] ?? '').split(',');
export const ORDER_NAMES: readonly string[] = Object.keys(ORDERS);

/** The columns of a file. */
export class Layout {
  readonly #columns: readonly (AlignedColumn & { name: string })[];
  readonly #at: ReadonlyMap<string, number>;
  readonly #isTerminated: boolean;

  /**
   * `names` are those of sacct, in any case. `isTerminated`: each line ends with a separator (sacct -p, not sacct -P).
   */
  constructor(names: readonly string[], isTerminated: boolean) {
    this.#isTerminated = isTerminated;
    this.#columns = names.map((written) => {
      const name = written.trim();
      const key = name.toLowerCase();
      return { name, isFree: IS_FREE.has(key), accepts: ACCEPTS.get(key) ?? (() => true) };
    });
    this.#at = new Map(names.map((name, at) => [name.trim().toLowerCase(), at]));
  }

  get width(): number {
    return this.#columns.length;
  }

  get endsFree(): boolean {
    return this.#columns.at(-1)?.isFree === true;
  }

  get hasProcessors(): boolean {
    return PROCESSORS.some((column) => this.has(column));
  }

  has(column: Column): boolean {
    return this.#at.has(column);
  }

  /** Returns the required columns that are missing, for a message. */
  missing(): string[] {
    return NEEDED.filter((group) => !group.some((column) => this.has(column))).map((group) => group.join(' or '));
  }

  /** Removes the empty field after a separator at the end of a line. */
  withoutEnd(parts: string[]): string[] {
    if (this.#isTerminated && parts.length > this.width && parts.at(-1) === '') parts.pop();
    return parts;
  }

  /** Returns true if a line can start a record: the first column accepts its first field. */
  begins([first = '']: readonly string[]): boolean {
    return first !== '' && this.#columns[0]?.accepts(first) === true;
  }

  /** Returns in how many ways these fields form a record. */
  readings(parts: readonly string[]): 'none' | 'one' | 'several' {
    const alignment = align(parts, this.#columns);
    return typeof alignment === 'string' ? alignment : 'one';
  }

  /** Returns the values of the fields of one line, or its problem. A free text keeps its separators. */
  read(parts: readonly string[]): Fields | string {
    const fields = parts.length === this.width ? parts : align(parts, this.#columns);
    if (fields === 'several') return `has a '|' in one of ${this.#freeNames()}: it is not certain in which`;
    if (fields === 'none') return 'has the wrong number of columns';
    return (column) => {
      const at = this.#at.get(column);
      return at === undefined ? '' : (fields[at] ?? '').trim();
    };
  }

  #freeNames(): string {
    return this.#columns.flatMap(({ name, isFree }) => (isFree ? [name] : [])).join(', ');
  }
}

/** Returns the layout of a header line, or undefined for any other line. */
export function layoutOfHeader(line: string): Layout | undefined {
  // Most lines start with the id of a job and need no further check.
  if (!/^\s*[a-z]/i.test(line) || !/(?:^|\|)state(?:\||$)/i.test(line)) return undefined;
  const names = line.split('|');
  const isTerminated = names.at(-1) === '';
  if (isTerminated) names.pop();
  const keys = names.map((name) => name.trim().toLowerCase());
  return keys.includes('jobid') || keys.includes('jobidraw') ? new Layout(names, isTerminated) : undefined;
}

/** Returns the columns of a line that is a header without columns that are needed. Undefined for any other line. */
export function layoutOfPoorHeader(line: string): Layout | undefined {
  const names = line.split('|');
  const known = names.filter((name) => KNOWN.some((column) => column === name.trim().toLowerCase()));
  const layout = new Layout(names, false);
  return known.length * 2 >= names.length && layout.missing().length > 0 ? layout : undefined;
}

/** Returns the columns of an order, given by its name or as a list with commas. Undefined for any other text. */
export function columnsOfOrder(order: string): string[] | undefined {
  const columns = Object.hasOwn(ORDERS, order) ? ORDERS[order] : order;
  return columns?.includes(',') === true ? columns.split(',') : undefined;
}

/** Returns the layout of a file without a header. Undefined if the first line has too few fields. */
export function layoutOfFirstLine(line: string, order: readonly string[] = NEWEST): Layout | undefined {
  const parts = line.split('|');
  return parts.length < order.length
    ? undefined
    : new Layout(order, parts.length > order.length && parts.at(-1) === '');
}
