import { RECORD_STATES, type RecordState } from '../../jobs/slurm-states.ts';

/** Returns the state for `COMPLETED`, `CANCELLED by 1234` or a cut word such as `OUT_OF_ME+`. Undefined if unknown. */
export function stateOf(text: string): RecordState | undefined {
  const [word = ''] = text.trim().toLowerCase().split(' ', 1);
  if (!word.endsWith('+')) return RECORD_STATES.get(word);
  const start = word.slice(0, -1);
  const matching = new Set([...RECORD_STATES].flatMap(([name, state]) => (name.startsWith(start) ? [state] : [])));
  const [only] = matching;
  return matching.size === 1 ? only : undefined;
}

/** Returns the whole seconds of `[D-]HH:MM:SS` or `MM:SS`, with or without fractions. Undefined for any other text. */
export function durationSec(text: string): number | undefined {
  const match = /^(?:(\d+)-)?(?:(\d+):)?(\d+):(\d\d)(?:\.\d+)?$/.exec(text);
  if (match === null) return undefined;
  const [days = 0, hours = 0, minutes = 0, seconds = 0] = match.slice(1).map((part) => Number(part ?? 0));
  return ((days * 24 + hours) * 60 + minutes) * 60 + seconds;
}

/** Returns the time limit in seconds. 0 if there is none (`UNLIMITED`, `Partition_Limit`, INVALID, empty). */
export function walltimeSec(text: string): number {
  return durationSec(text) ?? 0;
}

/** Returns the GPUs in AllocTRES. The plain count `gres/gpu=4` includes the counts by type. */
export function gpusOfTres(tres: string): number {
  if (!tres.includes('gres/gpu')) return 0;
  const plain = /(?:^|,)gres\/gpu=(\d+)/.exec(tres);
  if (plain !== null) return Number(plain[1]);
  return sum([...tres.matchAll(/(?:^|,)gres\/gpu:[^=,]+=(\d+)/g)].map(([, count]) => Number(count)));
}

/** Returns the processors in AllocTRES: `cpu=128`. */
export function cpusOfTres(tres: string): number {
  return Number(/(?:^|,)cpu=(\d+)/.exec(tres)?.[1] ?? 0);
}

/**
 * Returns what a job asked for as Slurm writes it, such as `cpu=4,mem=16G`: ReqTRES or, of versions without it, the memory
 * of ReqMem, which older ones write for each CPU (`4000Mc`) or node (`16Gn`).
 */
export function askedTres(reqTres: string, reqMem: string, { cpus, nodes }: { cpus: number; nodes: number }): string {
  const [, number, unit, of] = /^([\d.]+)([KMGT]?)([cn]?)$/.exec(reqMem) ?? [];
  if (number === undefined || /(?:^|,)mem=/.test(reqTres)) return reqTres;
  const times = of === 'c' ? cpus : of === 'n' ? nodes : 1;
  return [reqTres, `mem=${Number(number) * times}${unit}`].filter((text) => text !== '').join(',');
}

/** Returns the GPUs in AllocGRES, which older versions of Slurm count per node: `gpu:4`, `gpu:a100:2`. */
export function gpusOfGres(gres: string, nodes: number): number {
  if (gres === '') return 0;
  return sum([...gres.matchAll(/(?:^|,)gpu(?::[^:,(]*[a-zA-Z][^:,(]*)?:(\d+)/g)].map(([, n]) => Number(n))) * nodes;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
