import { BadHostList } from '../../clusters/hostlist.ts';
import { checkReadable } from '../../db/startup-errors.ts';
import { StartupError } from '../../startup-error.ts';
import { BatchBuilder, type ImportBatch, type ImportSource } from '../batch.ts';
import { type Line, linesOf, MAX_LINE_BYTES } from '../lines.ts';
import { type Layout, layoutOf } from './sacct-columns.ts';
import { BadLine, jobOfLine, type SacctOptions } from './sacct-job.ts';

/**
 * The jobs of a file made by `sacct -P`, with a header line in any order, or by Open XDMoD's call of it, without one. Throws
 * StartupError for a file that is missing or neither of them.
 */
export async function sacctSource(path: string, options: SacctOptions): Promise<ImportSource> {
  const { size } = await checkReadable(path);
  const { layout, isHeader } = layoutFor(path, await firstLineOf(path), options);
  return { total: size, batches: () => batchesOf(path, layout, isHeader, options) };
}

async function firstLineOf(path: string): Promise<string | undefined> {
  for await (const [first] of linesOf(path)) {
    if (first !== undefined) return first.text;
  }
  return undefined;
}

async function* batchesOf(
  path: string,
  layout: Layout,
  isHeader: boolean,
  options: SacctOptions,
): AsyncGenerator<ImportBatch, void, void> {
  const builder = new BatchBuilder();
  let position = 0;
  for await (const lines of linesOf(path)) {
    for (const line of lines) {
      position = line.position;
      if (line.text === '' || (isHeader && line.number === 1)) continue;
      add(builder, layout, line, options);
      if (builder.isFull) yield builder.take(position);
    }
  }
  yield builder.take(position);
}

function layoutFor(path: string, firstLine: string | undefined, options: SacctOptions) {
  const found = firstLine === undefined ? undefined : layoutOf(firstLine);
  if (found === undefined) {
    throw new StartupError(
      `${path} is not output of sacct: the first line is neither a header of 'sacct -P' nor a line with the 26 columns of Open XDMoD`,
    );
  }
  const missing = found.layout.missing();
  if (options.cluster === undefined && !found.layout.has('cluster')) missing.push('cluster (or give --cluster NAME)');
  if (missing.length > 0) {
    throw new StartupError(
      `${path} lacks columns: ${missing.join(', ')}. Create it with 'sacct -P -a -X -o ` +
        "JobID,JobIDRaw,Cluster,Partition,QOS,Account,User,Submit,Start,End,Elapsed,ExitCode,State,AllocCPUS,AllocTRES,Timelimit,NodeList,JobName'",
    );
  }
  return found;
}

function add(builder: BatchBuilder, layout: Layout, line: Line, options: SacctOptions): void {
  try {
    if (line.text === undefined) throw new BadLine(`longer than ${MAX_LINE_BYTES} bytes`);
    const get = layout.read(line.text);
    if (get === undefined) throw new BadLine('has the wrong number of columns');
    const result = jobOfLine(get, options);
    if (typeof result === 'string') builder.skipped(result);
    else builder.job(result, line.repaired, `line ${line.number}`);
  } catch (error) {
    if (!(error instanceof BadLine || error instanceof BadHostList)) throw error;
    builder.bad(`line ${line.number}`, error.message);
  }
}
