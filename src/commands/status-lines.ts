import { howMany } from '../pages/format.ts';
import type {
  ContactStatus,
  DatabaseStatus,
  ProcessesStatus,
  ProcessStatus,
  SystemState,
} from '../system-state-types.ts';
import { whole } from './progress.ts';

const MB = 2 ** 20;
const NAME_WIDTH = 15;

/** The state of the service for a terminal: the most urgent first. What is not there has no line. */
export function statusLines(state: SystemState, url: string): string[] {
  const { database, parent, sizing, timedWork = [] } = state;
  const health = !database.alive ? (database.notAliveBecause ?? 'the database does not answer') : 'ok';
  const parts = [database, state.archive, state.bodies, state.parquet].filter((part) => part !== undefined);
  const processes = parts.flatMap((part) => part.processes);
  const usedMb = (parent?.rssMb ?? 0) + processes.reduce((sum, { rssMb }) => sum + rssMb, 0);
  return [
    line('service', `${url}: ${health}${parent === undefined ? '' : `, up for ${duration(parent.ageSec)}`}`),
    ...state.degraded.map((reason) => line('CHECK', reason)),
    ...(sizing === undefined
      ? []
      : [line('memory', `${whole(usedMb)} of ${whole(sizing.limitMb)} MB, shared pages counted for each process`)]),
    ...(parent === undefined
      ? []
      : [
          line(
            'connections',
            `${parent.connections.open} of at most ${parent.connections.most}, ${parent.connections.refused} refused`,
          ),
          line(
            'event loop',
            `p99 ${parent.eventLoopLagMs.p99} ms, max ${parent.eventLoopLagMs.max} ms in the last minutes`,
          ),
        ]),
    line('queue', `${howMany(database.queued, 'request waits', 'requests wait')}`),
    ...(database.logBytes === undefined ? [] : [line('log', `${whole(database.logBytes / MB)} MB (WAL)`)]),
    ...indexLines(database),
    ...(database.replica === undefined
      ? []
      : [
          line(
            'replica',
            `${Math.round(database.replica.lagMs)} ms behind${database.replica.failing === undefined ? '' : `: ${database.replica.failing}`}`,
          ),
        ]),
    ...signOnLines(state),
    line('counters', counters(parts)),
    ...reports(state),
    ...timedWork.map(({ name, beganAt, endedAt }) =>
      line(
        name,
        `began ${time(beganAt)}${endedAt === null ? ', still runs' : `, took ${duration(endedAt - beganAt)}`}`,
      ),
    ),
    '',
    `${'pid'.padStart(8)}  ${'role'.padEnd(8)} ${'state'.padEnd(9)} ${'MB'.padStart(6)} ${'age'.padStart(8)} ${'queries'.padStart(9)}  doing`,
    ...processes.map(processLine),
  ];
}

function indexLines({ columns }: DatabaseStatus): string[] {
  if (columns === undefined) return [];
  if (columns.state === 'off') return [line('column index', `off: ${columns.reason}`)];
  const { state, rows, reason, answers, declined, queued } = columns;
  const jobs =
    rows === undefined ? '' : `, ${howMany(rows, 'job')}${state === 'ready' ? ' at the last question' : ' so far'}`;
  const why = reason === undefined ? '' : `: ${reason}`;
  return [
    line('column index', `${state}${jobs}${why}; ${whole(answers)} answers, ${whole(declined)} by SQL, ${queued} wait`),
  ];
}

function signOnLines({ signOn: { oidc, ldap } = {} }: SystemState): string[] {
  return [
    ...(oidc === undefined
      ? []
      : [
          line('single sign-on', `${oidc.issuer}: discovery ${contact(oidc.discovery)}`),
          line('', `keys ${contact(oidc.keys)}`),
        ]),
    ...(ldap === undefined ? [] : [line('LDAP', `${ldap.server}: ${contact(ldap.contact)}`)]),
  ];
}

function contact({ lastOkAt, lastFailure }: ContactStatus): string {
  const failed = lastFailure === undefined ? undefined : `failed ${time(lastFailure.at)} (${lastFailure.reason})`;
  const answered = lastOkAt === undefined ? undefined : `answered ${time(lastOkAt)}`;
  return [answered, failed].filter((words) => words !== undefined).join(', ') || 'not asked yet';
}

/** The events that have happened at all, of all processes together. */
function counters(parts: readonly ProcessesStatus[]): string {
  const sums = new Map<string, number>();
  for (const part of parts) {
    for (const [name, count] of Object.entries(part.counters)) sums.set(name, (sums.get(name) ?? 0) + count);
  }
  const some = [...sums].filter(([, count]) => count > 0).map(([name, count]) => `${name} ${whole(count)}`);
  return some.length === 0 ? 'no timeouts, kills or crashes' : some.join(', ');
}

function reports({ refusedReports: { starts, stops, last } }: SystemState): string[] {
  if (starts + stops === 0) return [];
  const [newest] = last;
  const example =
    newest === undefined
      ? ''
      : `; the last, ${time(newest.at)}: ${newest.kind} of ${newest.jobId ?? newest.id ?? 'a job whose id could not be read'}: ${newest.reason}`;
  return [line('refused', `${howMany(starts, 'start')} and ${howMany(stops, 'stop')} of jobs${example}`)];
}

function processLine({ pid, role, state, rssMb, ageSec, queries, doing }: ProcessStatus): string {
  const task = doing === undefined ? '' : `${doing.name} for ${duration(doing.ms / 1000)}`;
  return `${String(pid).padStart(8)}  ${role.padEnd(8)} ${state.padEnd(9)} ${whole(rssMb).padStart(6)} ${duration(ageSec).padStart(8)} ${whole(queries).padStart(9)}  ${task}`.trimEnd();
}

/** Texts of the service may have been sent by a caller, so what a terminal would obey is replaced. */
const line = (name: string, text: string): string => `${name.padEnd(NAME_WIDTH)} ${text.replaceAll(/\p{Cc}/gu, '?')}`;

const time = (sec: number): string => new Date(sec * 1000).toISOString().replace('.000', '');

function duration(seconds: number): string {
  if (seconds < 60) return `${seconds < 10 ? seconds.toFixed(1) : Math.round(seconds)} s`;
  if (seconds < 3600) return `${Math.round(seconds / 60)} min`;
  return seconds < 86_400 ? `${(seconds / 3600).toFixed(1)} h` : `${(seconds / 86_400).toFixed(1)} d`;
}
