import { BadHostList } from '../../clusters/hostlist.ts';
import { StartupError } from '../../startup-error.ts';
import { BatchBuilder, type ImportBatch, type ImportSource } from '../batch.ts';
import { linesOf } from '../lines.ts';
import { BadInput, following, type Input } from '../open-input.ts';
import { jsonRecords, startsAsJson } from './json-records.ts';
import { LineRecords, type SacctRecord } from './line-records.ts';
import { needsZone } from './local-clock.ts';
import { type Layout, layoutOfFirstLine, layoutOfHeader, layoutOfPoorHeader, ORDER_NAMES } from './sacct-columns.ts';
import { BadJob, type JobOptions, jobOfRecord } from './sacct-job.ts';

export interface SacctOptions extends JobOptions {
  /** The columns of files without a header. Defaults to those of Open XDMoD. */
  order?: readonly string[] | undefined;
  /** The time zone used because none was given. The summary names it. */
  assumedZone?: string | undefined;
}

/** Facts about all files, for the summary. */
interface Seen {
  withoutProject: number;
  isWithoutProcessors: boolean;
  isZoneNeeded: boolean;
}

type Records = AsyncGenerator<SacctRecord[], void, void>;

/**
 * Reads the jobs in files of `sacct -P`, with a header line in any order or without one, or of `sacct --json`. Throws
 * StartupError if a file is neither.
 */
export async function sacctSource(inputs: readonly Input[], options: SacctOptions): Promise<ImportSource> {
  const seen: Seen = { withoutProject: 0, isWithoutProcessors: false, isZoneNeeded: false };
  const [firstInput, ...others] = inputs;
  // The first input may be standard input, which cannot be opened again.
  let first = firstInput === undefined ? undefined : await openRecords(firstInput, options, seen);
  for (const input of others) await (await openRecords(input, options, seen)).return();
  const total = inputs.reduce((sum, { size }) => sum + (size ?? Number.NaN), 0);
  async function* batches(): AsyncGenerator<ImportBatch, void, void> {
    const builder = new BatchBuilder();
    let before = 0;
    for (const input of inputs) {
      const place = inputs.length === 1 ? '' : `${input.name} `;
      const opened = input === firstInput ? first : undefined;
      first = undefined;
      try {
        for await (const records of opened ?? recordsOf(input, options, seen)) {
          for (const record of records) {
            add(builder, { ...record, where: place + record.where }, options, seen);
            if (builder.isFull) yield builder.take(before + input.position());
          }
        }
      } catch (error) {
        if (!(error instanceof BadInput)) throw error;
        builder.bad(input.name, error.message);
      }
      before += input.position();
    }
    yield builder.take(before);
  }
  return { total: Number.isNaN(total) ? undefined : total, batches, remarks: () => remarksOf(seen, options) };
}

/** Opens the records of an input after checking that it is output of sacct. Throws StartupError. */
async function openRecords(input: Input, options: SacctOptions, seen: Seen): Promise<Records> {
  const records = recordsOf(input, options, seen);
  try {
    const { value } = await records.next();
    return following(value ?? [], records);
  } catch (cause) {
    throw cause instanceof BadInput ? new StartupError(cause.message, { cause }) : cause;
  }
}

async function* recordsOf(input: Input, options: SacctOptions, seen: Seen): Records {
  const chunks = input.chunks();
  const { value: first = Buffer.alloc(0) } = await chunks.next();
  const all = following(first, chunks);
  if (startsAsJson(first)) yield* jsonRecords(all);
  else yield* lineRecords(input, all, options, seen);
}

async function* lineRecords(input: Input, chunks: AsyncIterable<Buffer>, options: SacctOptions, seen: Seen): Records {
  let records: SacctRecord[] = [];
  let reader: LineRecords | undefined;
  const use = (layout: Layout) => {
    check(input, layout, options);
    if (!layout.hasProcessors) seen.isWithoutProcessors = true;
    if (reader === undefined) reader = new LineRecords(layout, (record) => records.push(record));
    else reader.restart(layout);
  };
  for await (const lines of linesOf(chunks)) {
    for (const line of lines) {
      const { text } = line;
      // A header may be repeated, since files may be concatenated.
      const header = text === undefined ? undefined : layoutOfHeader(text);
      if (header !== undefined) use(header);
      else if (reader !== undefined) reader.add(line);
      else if (text?.trim() !== '') {
        use(layoutOfFirstLine(text ?? '', options.order) ?? layoutOfPoorHeader(text ?? '') ?? notSacct(input));
        (reader as LineRecords | undefined)?.add(line);
      }
    }
    yield records;
    records = [];
  }
  if (reader === undefined && options.order === undefined) notSacct(input);
  (reader as LineRecords | undefined)?.end();
  yield records;
}

function notSacct({ name }: Input): never {
  throw new StartupError(
    `${name} is not output of sacct: the first line is neither a header of 'sacct -P' nor a line with the 26 columns of Open XDMoD. ` +
      `Give the columns of a file without header with --columns (${ORDER_NAMES.join(', ')} or a list)`,
  );
}

function check({ name }: Input, layout: Layout, { cluster }: SacctOptions): void {
  const missing = layout.missing();
  if (cluster === undefined && !layout.has('cluster')) missing.push('cluster (or give --cluster NAME)');
  if (missing.length === 0) return;
  throw new StartupError(
    `${name} lacks columns: ${missing.join(', ')}. Create it with 'sacct -P -a -X -o ` +
      "JobID,JobIDRaw,Cluster,Partition,QOS,Account,User,Submit,Start,End,Elapsed,ExitCode,State,AllocCPUS,AllocTRES,Timelimit,NodeList,JobName'",
  );
}

function add(builder: BatchBuilder, record: SacctRecord, options: SacctOptions, seen: Seen): void {
  const { where, fields, repaired } = record;
  if (typeof fields === 'string') {
    builder.bad(where, fields);
    return;
  }
  try {
    const result = jobOfRecord(fields, options);
    if (typeof result === 'string') {
      builder.skipped(result);
      return;
    }
    if (result.project === '') seen.withoutProject++;
    seen.isZoneNeeded ||= needsZone(fields('start'));
    builder.job(result, repaired, where);
  } catch (error) {
    if (!(error instanceof BadJob || error instanceof BadHostList)) throw error;
    builder.bad(where, error.message);
  }
}

function remarksOf(
  { withoutProject, isWithoutProcessors, isZoneNeeded }: Seen,
  { assumedZone }: SacctOptions,
): string[] {
  return [
    ...(withoutProject === 0 ? [] : [`${withoutProject} without project`]),
    ...(isWithoutProcessors ? ['no column has the number of processors (AllocCPUS): it is 0'] : []),
    ...(isZoneNeeded && assumedZone !== undefined ? [`times read as ${assumedZone} (no --timezone given)`] : []),
  ];
}
