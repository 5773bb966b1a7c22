import { totalmem } from 'node:os';
import { META_READER_MB, UPKEEP_MB } from '../archive/archive-processes.ts';
import { BODIES_IN_FLIGHT } from '../http/limits/body-budget.ts';
import { ANSWERS_HELD_MB } from '../http/limits/unsent-bytes.ts';
import { PARQUET_MB } from '../parquet/parquet-files.ts';
import type { FixedSettings } from '../restart-only-settings.ts';
import { databaseFile } from '../settings.ts';
import { StartupError } from '../startup-error.ts';
import type { ConnectionSizing, Machine, Sizing } from '../system-state-types.ts';

/** The parent: 216 MB of RSS from the 10,000th to the 500,000th request. Bodies and answers in transit are extra. */
const PARENT_MB = 220;
/** The library of GraphQL in the parent, from the first request to /query on (bench/graphql.ts). */
const GRAPHQL_MB = 40;
/** Private memory of a connection process at rest (14 MB measured, 36 without the compile cache), and of an answer. */
const CONNECTION_BASE_MB = 44;
const ANSWER_MB = 24;
/** The processes of the archive that answer requests, and about 60 MB for a decoded job of 32 nodes and 9 metrics. */
const ARCHIVE_MB = { least: 160 + META_READER_MB, most: 768 + META_READER_MB, part: 1 / 8 };
/**
 * The process for large bodies, a part of the parent's memory. It needs its base (a Node process without file pages),
 * three copies of the largest body (bytes, text, result), and the values of a body with many values. A job of 10,000
 * nodes with 1.3 million threads and a script of 4 MB made it grow by 85 to 110 MB of its 132, twelve times in a row
 * (16 MB in one text: 61).
 */
export const BODIES_BASE_MB = 36;
const BODY_COPIES = 3;
const BODY_VALUES_MB = 84;
/** The process of the column index: DuckDB's memory_limit and 250 MB. */
const COLUMNS_MB = 600;
/** COLUMN_INDEX auto: on if each connection still has this much heap. Parquet files: the same. */
const HEAP_BESIDE_COLUMNS_MB = 64;
/** `auto`: a quarter of the machine. The operating system's cache makes better use of the rest (docs/scaling.md). */
const AUTO_PART = 1 / 4;
/** Above this fraction of the machine the operator gets a warning. */
const MUCH = 3 / 4;
/** Heap of one connection. With less it cannot sort. More is never used, because sorts spill to files. */
const HEAP = { leastMb: 8, autoLeastMb: 16, mostMb: 1024 };
/** The defaults need no more than this, so that the service starts on any machine with at least 1 GB. */
const SMALL_MACHINE_MB = 1232;
/**
 * Cache as a fraction of the space between the heap limits. A sort grows in memory up to cache_size, by doubling,
 * before it spills to its file (vdbesort.c), and a query may have several sorts. With 1 GB of cache and a hard limit of
 * 114 MB every grouping of 2 M jobs exceeded the memory; with this fraction none does.
 */
const CACHE_OF_ROOM = 1 / 4;
/** Measured from 2 MB to 4 GB: a larger cache does not speed up scans and ranges (docs/scaling.md). */
const CACHE_MB = 4;

/** A libSQL server has its own connections and memory. */
const NO_CONNECTION: ConnectionSizing = { cacheMb: 0, softHeapMb: 0, hardHeapMb: 0, baseMb: 0, growthMb: 0 };

/** The memory of this machine: its physical memory or the limit of the control group, whichever is smaller. */
export function thisMachine(): Machine {
  const physicalMb = Math.floor(totalmem() / 2 ** 20);
  const groupMb = Math.floor(process.constrainedMemory() / 2 ** 20);
  return groupMb > 0 && groupMb < physicalMb
    ? { memoryMb: groupMb, source: 'control group limit' }
    : { memoryMb: physicalMb, source: 'physical memory' };
}

/** Of the limit: what the file cache of the service may take besides. */
const MEMORY_MAX = 1.25;

/** The limit in MB that a service manager enforces if that of the service itself fails. */
export function memoryMax({ limitMb }: Sizing): number {
  return Math.ceil(limitMb * MEMORY_MAX);
}

/** The heap limits in MB of a libSQL server that does the same work in one process. */
export function serverLimits({ processes, connection }: Sizing): { softMb: number; hardMb: number } {
  return { softMb: processes * connection.softHeapMb, hardMb: processes * connection.hardHeapMb };
}

/** Divides the memory. Throws StartupError with the sum if the heap limits and base sizes exceed the limit. */
export function sizeFor(settings: FixedSettings, machine: Machine): Sizing {
  const notes: string[] = [];
  const limitMb = settings.DB_MEMORY_LIMIT_MB === 'auto' ? autoLimit(settings, machine) : settings.DB_MEMORY_LIMIT_MB;
  if (limitMb > machine.memoryMb * MUCH) {
    notes.push(
      `DB_MEMORY_LIMIT_MB ${limitMb} is most of the available ${machine.memoryMb} MB (${machine.source}): little is left for ` +
        "the operating system's file cache. Lower DB_MAX_CONNECTIONS, DB_HARD_HEAP_LIMIT_MB or BODY_LIMIT_MB",
    );
  }
  const parentMb = parentOf(settings);
  const bodiesMb = bodiesOf(settings);
  const archiveMb =
    clamp(Math.floor(limitMb * ARCHIVE_MB.part), ARCHIVE_MB.least, ARCHIVE_MB.most) + upkeepOf(settings);
  const processes = processesOf(settings);
  if (processes === 0)
    return {
      limitMb,
      machine,
      parentMb,
      bodiesMb,
      archiveMb,
      columnsMb: 0,
      parquetMb: 0,
      processes,
      connection: NO_CONNECTION,
      notes,
    };
  const baseMb = CONNECTION_BASE_MB;
  const roomMb = limitMb - parentMb - archiveMb;
  const columnsMb = columnsOf(settings, roomMb / processes - baseMb - ANSWER_MB, processes, notes);
  const parquetMb = columnsMb === 0 ? 0 : parquetOf((roomMb - columnsMb) / processes - baseMb - ANSWER_MB, settings);
  const shareMb = Math.floor((roomMb - columnsMb - parquetMb) / processes);
  const heapMb = shareMb - baseMb - ANSWER_MB;
  const byHandMb = settings.DB_HARD_HEAP_LIMIT_MB;
  const hardHeapMb = byHandMb === 'auto' ? Math.min(heapMb, HEAP.mostMb) : byHandMb;
  if (hardHeapMb > heapMb || heapMb < HEAP.leastMb) throw new StartupError(tooSmall(settings, limitMb));
  const softHeapMb =
    settings.DB_SOFT_HEAP_LIMIT_MB === 'auto' ? Math.floor(hardHeapMb / 2) : settings.DB_SOFT_HEAP_LIMIT_MB;
  if (softHeapMb >= hardHeapMb) {
    throw new StartupError(
      `DB_SOFT_HEAP_LIMIT_MB ${softHeapMb} must be below the hard heap limit of ${hardHeapMb} MB: without room between ` +
        'them, a plain scan fails when the cache has filled the heap',
    );
  }
  const askedMb = settings.DB_CACHE_SIZE_MB === 'auto' ? CACHE_MB : settings.DB_CACHE_SIZE_MB;
  const cacheMb = Math.max(1, Math.min(askedMb, Math.floor((hardHeapMb - softHeapMb) * CACHE_OF_ROOM)));
  if (cacheMb < askedMb && settings.DB_CACHE_SIZE_MB !== 'auto') {
    notes.push(
      `DB_CACHE_SIZE_MB ${askedMb} is lowered to ${cacheMb}: a sort uses as much again, and must fit between the soft ` +
        `heap limit of ${softHeapMb} MB and the hard heap limit of ${hardHeapMb} MB`,
    );
  }
  const connection = { cacheMb, softHeapMb, hardHeapMb, baseMb, growthMb: hardHeapMb + ANSWER_MB };
  return { limitMb, machine, parentMb, bodiesMb, archiveMb, columnsMb, parquetMb, processes, connection, notes };
}

/** MB for the column index, or 0. `heapMb` is the heap of each connection without an index. */
function columnsOf(settings: FixedSettings, heapMb: number, processes: number, notes: string[]): number {
  const wantedMb = wantedColumnsMb(settings);
  if (settings.COLUMN_INDEX === 'on' && wantedMb === 0) {
    notes.push('COLUMN_INDEX is off: not supported on a replica');
  }
  if (settings.COLUMN_INDEX !== 'auto' || wantedMb === 0) return wantedMb;
  const leastMb = leastHeapBeside(settings);
  if (heapMb - wantedMb / processes >= leastMb) return wantedMb;
  notes.push(
    `COLUMN_INDEX is off: its ${wantedMb} MB would leave each connection less than ${leastMb} MB of heap. To enable it, raise DB_MEMORY_LIMIT_MB`,
  );
  return 0;
}

/** MB that the settings request for a column index. */
function wantedColumnsMb(settings: FixedSettings): number {
  const { COLUMN_INDEX: index, COLUMN_INDEX_MEMORY_MB: asked, DB_SYNC_URL: syncUrl } = settings;
  if (index === 'off' || syncUrl !== undefined || databaseFile(settings) === undefined) return 0;
  return asked === 'auto' ? COLUMNS_MB : asked;
}

/** MB for the processes that write Parquet files, or 0. `heapMb` is the heap of each connection without them. */
function parquetOf(heapMb: number, settings: FixedSettings): number {
  return heapMb - PARQUET_MB / processesOf(settings) >= leastHeapBeside(settings) ? PARQUET_MB : 0;
}

/** The heap that each connection keeps at least beside what is only there if there is room. */
function leastHeapBeside({ DB_HARD_HEAP_LIMIT_MB: byHandMb }: FixedSettings): number {
  return byHandMb === 'auto' ? HEAP_BESIDE_COLUMNS_MB : byHandMb;
}

/** MB for the parent, request bodies and answers in transit, and the process for large bodies. */
function parentOf(settings: FixedSettings): number {
  return PARENT_MB + GRAPHQL_MB + BODIES_IN_FLIGHT * settings.BODY_LIMIT_MB + ANSWERS_HELD_MB + bodiesOf(settings);
}

/** MB for the process for large bodies. */
function bodiesOf({ BODY_LIMIT_MB }: FixedSettings): number {
  return BODIES_BASE_MB + BODY_COPIES * BODY_LIMIT_MB + BODY_VALUES_MB;
}

/** The readers, the writer and one spare. 0 if the database is on a libSQL server. */
function processesOf(settings: FixedSettings): number {
  return databaseFile(settings) === undefined ? 0 : settings.DB_MAX_CONNECTIONS + 2;
}

/** The smallest DB_MEMORY_LIMIT_MB that gives every connection this hard heap limit, with its parts. */
function limitFor(settings: FixedSettings, hardHeapMb: number, columnsMb = neededColumnsMb(settings), parquetMb = 0) {
  const parentMb = parentOf(settings);
  const eachMb = CONNECTION_BASE_MB + ANSWER_MB + hardHeapMb;
  const upkeepMb = upkeepOf(settings);
  const othersMb = parentMb + columnsMb + parquetMb + upkeepMb + processesOf(settings) * eachMb;
  const archivePartMb = (othersMb * ARCHIVE_MB.part) / (1 - ARCHIVE_MB.part); // its part of the whole
  const archiveMb = Math.ceil(clamp(archivePartMb, ARCHIVE_MB.least, ARCHIVE_MB.most));
  return { limitMb: othersMb + archiveMb, parentMb, archiveMb: archiveMb + upkeepMb, columnsMb };
}

/** MB of the process that compresses, moves and deletes files of the archive. 0 if no setting asks for it. */
export function upkeepOf({ ARCHIVE_COMPRESSION_D, ARCHIVE_RETENTION }: FixedSettings): number {
  return ARCHIVE_COMPRESSION_D === 'off' && ARCHIVE_RETENTION === 'none' ? 0 : UPKEEP_MB;
}

/** MB that the column index requires. 0 if it is only on when there is room. */
function neededColumnsMb(settings: FixedSettings): number {
  return settings.COLUMN_INDEX === 'on' ? wantedColumnsMb(settings) : 0;
}

/**
 * At least what all processes need to work, at most what they can use. The rest of a large machine is for the operating
 * system's cache. Throws StartupError if the machine has less memory than explicit settings require.
 */
function autoLimit(settings: FixedSettings, machine: Machine): number {
  const { DB_HARD_HEAP_LIMIT_MB: byHandMb } = settings;
  const hasRoom = limitFor(settings, HEAP.autoLeastMb).limitMb <= machine.memoryMb;
  const leastHeapMb = byHandMb === 'auto' ? (hasRoom ? HEAP.autoLeastMb : HEAP.leastMb) : byHandMb;
  const least = limitFor(settings, leastHeapMb);
  const columnsMb = wantedColumnsMb(settings);
  const parquetMb = columnsMb === 0 ? 0 : PARQUET_MB;
  const most = limitFor(settings, byHandMb === 'auto' ? HEAP.mostMb : byHandMb, columnsMb, parquetMb);
  if (least.limitMb > Math.max(machine.memoryMb, SMALL_MACHINE_MB + upkeepOf(settings))) {
    throw new StartupError(
      `not enough memory: ${machine.memoryMb} MB (${machine.source}), required: ${sumOf(settings, leastHeapMb)}. Lower DB_MAX_CONNECTIONS, DB_HARD_HEAP_LIMIT_MB or BODY_LIMIT_MB`,
    );
  }
  return clamp(Math.floor(machine.memoryMb * AUTO_PART), least.limitMb, most.limitMb);
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(most, Math.max(least, value));
}

function tooSmall(settings: FixedSettings, limitMb: number): string {
  const { DB_HARD_HEAP_LIMIT_MB: byHandMb } = settings;
  const hardHeapMb = byHandMb === 'auto' ? HEAP.leastMb : byHandMb;
  return `DB_MEMORY_LIMIT_MB ${limitMb} is too small: ${sumOf(settings, hardHeapMb)}. Raise it to this sum, or lower DB_MAX_CONNECTIONS, DB_HARD_HEAP_LIMIT_MB or BODY_LIMIT_MB`;
}

function sumOf(settings: FixedSettings, hardHeapMb: number): string {
  const { limitMb, parentMb, archiveMb, columnsMb } = limitFor(settings, hardHeapMb);
  const columns = columnsMb === 0 ? '' : `${columnsMb} (column index) + `;
  return (
    `${parentMb} (parent) + ${archiveMb} (archive) + ${columns}${processesOf(settings)} processes (readers, writer, one spare) x ` +
    `(${CONNECTION_BASE_MB + ANSWER_MB} base + ${hardHeapMb} hard heap limit) = ${limitMb} MB`
  );
}
