/** The columns an import makes use of. */
const KNOWN = [
  'jobid',
  'jobidraw',
  'cluster',
  'partition',
  'qos',
  'account',
  'user',
  'submit',
  'start',
  'end',
  'elapsed',
  'elapsedraw',
  'exitcode',
  'state',
  'ncpus',
  'alloccpus',
  'alloctres',
  'allocgres',
  'timelimit',
  'timelimitraw',
  'nodelist',
  'jobname',
  'consumedenergyraw',
] as const;
export type Column = (typeof KNOWN)[number];

/** Columns without which there is no job; of those in one group any will do. */
const NEEDED: readonly (readonly Column[])[] = [
  ['jobidraw', 'jobid'],
  ['user'],
  ['account'],
  ['start'],
  ['elapsedraw', 'elapsed', 'end'],
  ['state'],
  ['nodelist'],
];

/** `sacct --parsable2 --noheader --allocations` as Open XDMoD asks for it (its classes/OpenXdmod/Shredder/Slurm.php). */
const XDMOD =
  'jobid|jobidraw|cluster|partition|qos|account|group|gid|user|uid|submit|eligible|start|end|elapsed|exitcode|state|nnodes|ncpus|reqcpus|reqmem|reqtres|alloctres|timelimit|nodelist|jobname';

/** Where the columns of a file stand. */
export class Layout {
  readonly #count: number;
  readonly #jobName: number;
  readonly #at: ReadonlyMap<string, number>;

  constructor(header: string) {
    const names = header.toLowerCase().split('|');
    if (names.at(-1) === '') names.pop(); // sacct -p ends each line with a divider, sacct -P does not
    this.#count = names.length;
    this.#jobName = names.indexOf('jobname');
    this.#at = new Map(names.map((name, at) => [name.trim(), at]));
  }

  has(column: Column): boolean {
    return this.#at.has(column);
  }

  /** The needed columns that are missing, for the message. */
  missing(): string[] {
    return NEEDED.filter((group) => !group.some((column) => this.has(column))).map((group) => group.join(' or '));
  }

  /** The values of one line, or undefined if their number is wrong. A divider inside the job name is put back. */
  read(line: string): ((column: Column) => string) | undefined {
    const fields = line.split('|');
    if (fields.length === this.#count + 1 && fields.at(-1) === '') fields.pop();
    const extra = fields.length - this.#count;
    if (extra < 0 || (extra > 0 && this.#jobName < 0)) return undefined;
    if (extra > 0) {
      const name = fields.splice(this.#jobName, extra + 1).join('|');
      fields.splice(this.#jobName, 0, name);
    }
    return (column) => {
      const at = this.#at.get(column);
      return at === undefined ? '' : (fields[at] ?? '').trim();
    };
  }
}

/** The layout of a file from its first line, and whether that line is a header; undefined if it is neither. */
export function layoutOf(firstLine: string): { layout: Layout; isHeader: boolean } | undefined {
  const names = firstLine.toLowerCase().split('|');
  if (names.includes('state') && (names.includes('jobid') || names.includes('jobidraw'))) {
    return { layout: new Layout(firstLine), isHeader: true };
  }
  return names.length >= XDMOD.split('|').length ? { layout: new Layout(XDMOD), isHeader: false } : undefined;
}
