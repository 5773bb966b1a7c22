import { basename } from 'node:path';
import { StartupError } from '../../startup-error.ts';
import { BatchBuilder, type ImportBatch, type ImportSource } from '../batch.ts';
import { type Line, linesOf, MAX_LINE_BYTES } from '../lines.ts';
import { BadInput, type Input } from '../open-input.ts';
import { BadSwfLine, headerField, headerOf, jobOfSwf, type SwfHeader } from './swf-job.ts';

/**
 * The jobs of a log in the Standard Workload Format 2.2 (https://www.cs.huji.ac.il/labs/parallel/workload/swf.html).
 * Without `cluster` the cluster has the name of the file. Throws StartupError for a file whose header does not say when
 * its time begins.
 */
export async function swfSource(input: Input, cluster: string | undefined): Promise<ImportSource> {
  const name = cluster ?? basename(input.name).replace(/(?:\.swf)?(?:\.gz|\.zst)?$/, '');
  const records = recordsOf(input);
  const { value: header } = await records.next();
  if (header === undefined || Array.isArray(header)) {
    throw new StartupError(
      `${input.name} is not a log in the Standard Workload Format: it has no UnixStartTime in its header`,
    );
  }
  return { total: input.size, batches: () => batchesOf(input, records, header, name) };
}

/** First the header, then the lines of jobs. */
async function* recordsOf(input: Input): AsyncGenerator<SwfHeader | undefined | Line[], void, void> {
  const fields = new Map<string, string[]>();
  let isHeader = true;
  for await (const lines of linesOf(input.chunks())) {
    const jobs: Line[] = [];
    for (const line of lines) {
      const { text = '' } = line;
      if (line.text !== undefined && text.trim() === '') continue;
      if (!text.startsWith(';')) jobs.push(line);
      const field = isHeader ? headerField(text) : undefined;
      if (field !== undefined) fields.set(field.name, [...(fields.get(field.name) ?? []), field.value]);
    }
    if (isHeader && jobs.length > 0) {
      isHeader = false;
      yield headerOf(fields);
    }
    if (jobs.length > 0) yield jobs;
  }
  if (isHeader) yield headerOf(fields);
}

async function* batchesOf(
  input: Input,
  records: ReturnType<typeof recordsOf>,
  header: SwfHeader,
  cluster: string,
): AsyncGenerator<ImportBatch, void, void> {
  const builder = new BatchBuilder();
  try {
    for await (const lines of records) {
      if (!Array.isArray(lines)) continue;
      for (const line of lines) {
        add(builder, line, header, cluster);
        if (builder.isFull) yield builder.take(input.position());
      }
    }
  } catch (error) {
    if (!(error instanceof BadInput)) throw error;
    builder.bad(input.name, error.message);
  }
  yield builder.take(input.position());
}

function add(builder: BatchBuilder, { number, text, repaired }: Line, header: SwfHeader, cluster: string): void {
  try {
    if (text === undefined) throw new BadSwfLine(`longer than ${MAX_LINE_BYTES} bytes`);
    const result = jobOfSwf(text, header, cluster);
    if (typeof result === 'string') builder.skipped(result);
    else builder.job(result, repaired, `line ${number}`);
  } catch (error) {
    if (!(error instanceof BadSwfLine)) throw error;
    builder.bad(`line ${number}`, error.message);
  }
}
