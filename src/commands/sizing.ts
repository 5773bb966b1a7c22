import { readSettings } from '../check-settings.ts';
import { memoryMax, serverLimits, sizeFor, thisMachine } from '../nodejs/memory-sizing.ts';
import type { Machine, Sizing } from '../system-state-types.ts';
import { type Command, parsedArguments, UsageError } from './command.ts';

export const sizingCommand: Command = {
  usage: `cc-jobs sizing [--memory SIZE] [--cores N]
    --memory SIZE   memory of the machine, such as 512GB or 900MB (default: this machine, or the limit of its control group)
    --cores N       cores of the machine; sets DB_MAX_CONNECTIONS to match

Prints the memory limits that result from the DB_ settings.`,
  isShort: true,
  async run(args, io) {
    const { memory, cores } = parseCommandLine(args);
    const machine = memory === undefined ? thisMachine() : machineOf(memory);
    const env: Record<string, string | undefined> = {
      ...io.env,
      AUTH: 'none', // sizing needs no keys
      HOST: '127.0.0.1',
      DB_URL: undefined, // the flags for a server also apply to a file
      DB_SYNC_URL: undefined,
    };
    const connections = cores === undefined ? undefined : connectionsFor(cores);
    if (connections !== undefined && env['DB_MAX_CONNECTIONS'] === undefined)
      env['DB_MAX_CONNECTIONS'] = String(connections);
    const settings = readSettings(env);
    io.stdout.write(`${lines(sizeFor(settings, machine), settings.DB_MAX_CONNECTIONS).join('\n')}\n`);
    return 0;
  },
};

/** More readers than cores only share the cores. Above 32 the disk is the limit. */
function connectionsFor(cores: string): number {
  if (!/^[1-9]\d{0,3}$/.test(cores)) throw new UsageError('--cores must be a whole number from 1 to 9999');
  return Math.min(32, Math.max(4, Number(cores)));
}

function machineOf(memory: string): Machine {
  const [, digits, unit] = /^(\d{1,9})\s*(GB|MB|G|M|TB|T)$/i.exec(memory) ?? [];
  if (digits === undefined || unit === undefined)
    throw new UsageError('--memory must be a size such as 512GB or 900MB');
  const factor = { M: 1, G: 1024, T: 1024 ** 2 }[unit[0]?.toUpperCase() ?? ''] ?? 1;
  return { memoryMb: Number(digits) * factor, source: '--memory' };
}

function lines(sizing: Sizing, readers: number): string[] {
  const { machine, limitMb, parentMb, archiveMb, columnsMb, parquetMb, processes, connection, notes } = sizing;
  const { cacheMb, softHeapMb, hardHeapMb, baseMb, growthMb } = connection;
  const rows: [string, number, string][] = [
    ['machine', machine.memoryMb, machine.source],
    ['DB_MEMORY_LIMIT_MB', limitMb, 'all processes of the service together'],
    ['  parent', parentMb, 'HTTP, requests and responses in flight; the process that parses large bodies'],
    ['  archive', archiveMb, 'one process for meta.json files, one for metric data; started on demand'],
    [
      '  connections',
      processes * (baseMb + growthMb),
      `${readers} readers + writer + one spare = ${processes} processes, each:`,
    ],
    ['    base', baseMb, 'the process itself'],
    ['    DB_CACHE_SIZE_MB', cacheMb, 'page cache, within the heap'],
    ['    DB_SOFT_HEAP_LIMIT_MB', softHeapMb, 'above this the cache shrinks'],
    ['    DB_HARD_HEAP_LIMIT_MB', hardHeapMb, 'above this a query fails with memory_limit_exceeded'],
    ['    growth', growthMb, 'heap and results: RSS above the idle level at which a query is stopped'],
  ];
  if (columnsMb > 0)
    rows.splice(
      4,
      0,
      ['  column index', columnsMb, "DuckDB's memory_limit, plus 250 MB for the process"],
      ['  Parquet files', parquetMb, 'their processes, started on demand'],
    );
  const { softMb, hardMb } = serverLimits(sizing);
  const server = [
    '',
    'For a libSQL server with the same amount of memory:',
    `  sqld --soft-heap-limit-mb ${softMb} --hard-heap-limit-mb ${hardMb}`,
    '',
    `For a unit of systemd, with DB_MEMORY_LIMIT_MB=${sizing.limitMb} in .env (auto would be a quarter of MemoryMax):`,
    `  MemoryMax=${memoryMax(sizing)}M`,
  ];
  return [
    `${'DB_MAX_CONNECTIONS'.padEnd(28)}${String(readers).padStart(9)}     readers`,
    ...rows.map(([name, mb, why]) => `${name.padEnd(28)}${String(mb).padStart(9)} MB  ${why}`),
    ...notes.map((note) => `note: ${note}`),
    ...server,
  ];
}

function parseCommandLine(args: string[]) {
  return parsedArguments({ args, options: { memory: { type: 'string' }, cores: { type: 'string' } } }).values;
}
