import { isUtf8 } from 'node:buffer';
import { isRecord } from '../job-values.ts';
import { BadJson, JsonItems, MAX_ITEM_BYTES } from '../json-items.ts';
import { BadInput } from '../open-input.ts';
import type { SacctRecord } from './line-records.ts';
import type { Column, Fields } from './sacct-columns.ts';
import { stateOf } from './sacct-values.ts';

const OPEN = '{'.charCodeAt(0);

/** Returns true if the first bytes after whitespace start an object. */
export function startsAsJson(bytes: Buffer): boolean {
  return bytes.find((byte) => byte > 32) === OPEN;
}

/**
 * Yields the records of `sacct --json` (Slurm 23.11 to 25.11), not the steps. Throws BadInput if the text ends early.
 */
export async function* jsonRecords(chunks: AsyncIterable<Buffer>): AsyncGenerator<SacctRecord[], void, void> {
  const items = new JsonItems('jobs', 'steps');
  let number = 0;
  for await (const chunk of chunks) {
    const found = items.add(chunk);
    if (!items.hasList) continue; // it may not be the JSON of sacct at all
    yield found.map((item) => {
      number++;
      const fields = item === undefined ? `longer than ${MAX_ITEM_BYTES} bytes` : fieldsOfJson(item);
      return { where: `record ${number}`, fields, repaired: item !== undefined && !isUtf8(item) };
    });
  }
  try {
    items.end();
  } catch (cause) {
    if (!(cause instanceof BadJson)) throw cause;
    throw new BadInput(`the JSON of sacct is not complete: ${cause.message}`, { cause });
  }
}

function fieldsOfJson(json: Buffer): Fields | string {
  let job: unknown;
  try {
    job = JSON.parse(json.toString('utf8'));
  } catch {
    return 'is not JSON';
  }
  return (column) => READ[column]?.(job) ?? '';
}

/** Readers of the columns. A column that a version of Slurm lacks is ''. */
const READ: Readonly<Partial<Record<Column, (job: unknown) => string>>> = {
  jobid(job) {
    const [id, arrayId, hetId] = [at(job, 'job_id'), at(job, 'array', 'job_id'), at(job, 'het', 'job_id')].map(digits);
    if (Number(arrayId) > 0) return `${arrayId}_${digits(at(job, 'array', 'task_id')) || '0'}`;
    return Number(hetId) > 0 ? `${hetId}+${digits(at(job, 'het', 'job_offset')) || '0'}` : (id ?? '');
  },
  jobidraw: (job) => digits(at(job, 'job_id')),
  cluster: (job) => text(at(job, 'cluster')),
  partition: (job) => text(at(job, 'partition')),
  qos: (job) => text(at(job, 'qos')),
  account: (job) => text(at(job, 'account')),
  user: (job) => text(at(job, 'user')) || text(at(job, 'association', 'user')),
  submit: (job) => time(at(job, 'time', 'submission')),
  eligible: (job) => time(at(job, 'time', 'eligible')),
  start: (job) => time(at(job, 'time', 'start')),
  end: (job) => time(at(job, 'time', 'end')),
  elapsedraw: (job) => digits(at(job, 'time', 'elapsed')),
  timelimitraw: (job) => digits(at(job, 'time', 'limit')), // minutes, as in the column
  exitcode(job) {
    const signal = digits(at(job, 'exit_code', 'signal', 'id')) || digits(at(job, 'exit_code', 'signal', 'signal_id'));
    return `${digits(at(job, 'exit_code', 'return_code')) || '0'}:${signal || '0'}`;
  },
  /** The state is a word, or since 23.11 a list of a state and flags. */
  state(job) {
    const current = at(job, 'state', 'current');
    const words = (Array.isArray(current) ? current : [current]).map(text);
    return words.find((word) => stateOf(word) !== undefined) ?? words.join();
  },
  reqcpus: (job) => digits(at(job, 'required', 'CPUs')),
  /** Formats the list as AllocTRES does. */
  alloctres(job) {
    const tres = at(job, 'tres', 'allocated');
    if (!Array.isArray(tres)) return '';
    return tres
      .map((one) => {
        const name = text(at(one, 'name'));
        return `${text(at(one, 'type'))}${name === '' ? '' : `/${name}`}=${digits(at(one, 'count'))}`;
      })
      .join();
  },
  consumedenergyraw: (job) => digits(at(job, 'consumed_energy')) || energyOf(at(job, 'tres', 'allocated')),
  nodelist: (job) => text(at(job, 'nodes')),
  jobname: (job) => text(at(job, 'name')),
};

function energyOf(tres: unknown): string {
  const energy = Array.isArray(tres) ? tres.find((one) => at(one, 'type') === 'energy') : undefined;
  return digits(at(energy, 'count'));
}

/** Returns the value under a path of keys. */
function at(value: unknown, ...keys: readonly string[]): unknown {
  return keys.reduce<unknown>((inner, key) => (isRecord(inner) ? inner[key] : undefined), value);
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/**
 * Returns the digits of a number, or of `{ set, infinite, number }`, which newer versions of Slurm use for optional
 * numbers. '' if there is no number.
 */
function digits(value: unknown): string {
  if (isRecord(value)) return value['set'] === false || value['infinite'] === true ? '' : digits(value['number']);
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? String(value) : '';
}

/** Returns a time. 0 means that it has not come yet. */
function time(value: unknown): string {
  const seconds = digits(value);
  return Number(seconds) > 0 ? seconds : 'Unknown';
}
