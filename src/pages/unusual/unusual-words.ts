import { FAILED_STATES } from '../../jobs/job-enums.ts';
import type { Unusual, UnusualKind } from '../../jobs/unusual-kinds.ts';
import { BEFORE, LIMITS, PERIOD } from '../../jobs/unusual-limits.ts';
import { cut } from '../cut-text.ts';
import { address } from '../filter/filter-words.ts';
import { duration, howMany, whole } from '../format.ts';

const percent = (part: number, all: number) => `${all === 0 ? '0.0' : ((part / all) * 100).toFixed(1)} %`;
const jobsList = (query: Readonly<Record<string, string>>, also: readonly [string, string][] = []) =>
  address('/jobs', new URLSearchParams([...Object.entries(query), ...also]));

/** Returns something unusual as a sentence, and the address of the list that shows it. */
export function unusualWords(unusual: Unusual, nowSec: number): { text: string; link: string } {
  switch (unusual.kind) {
    case 'failures': {
      const { about, numbers } = unusual;
      const { failed, jobs, otherFailed, otherJobs } = numbers;
      return {
        text: `Of ${howMany(jobs, 'job')} that started on ${cut(about.node)} (${cut(about.cluster)}) in the ${PERIOD.label} and ended, ${whole(failed)} failed (${percent(failed, jobs)}). On the other nodes of ${cut(about.subcluster)}, ${percent(otherFailed, otherJobs)} failed.`,
        link: jobsList(
          { cluster: about.cluster, node: about.node, 'start-time': PERIOD.word },
          FAILED_STATES.map((state) => ['state', state] as [string, string]),
        ),
      };
    }
    case 'wait': {
      const { about, numbers } = unusual;
      const { cluster, partition } = about;
      const where = partition === '' ? `${cut(cluster)} without a partition` : `${cut(partition)} of ${cut(cluster)}`;
      return {
        text: `The median wait of ${howMany(numbers.jobs, 'job')} that started in ${where} in the ${PERIOD.label} is ${duration(numbers.medianSec)}. In the ${BEFORE.length} before, it was ${duration(numbers.usualMedianSec)}.`,
        link: jobsList({ cluster, partition, 'start-time': PERIOD.word, 'sort-by': 'wait' }),
      };
    }
    case 'use': {
      const { about, numbers } = unusual;
      const [[field, name] = ['', '']] = Object.entries(about);
      const usual =
        numbers.usualCoreHours === 0 ? 'almost nothing' : `${whole(numbers.usualCoreHours)} core hours a day`;
      return {
        text: `The ${field} ${cut(name)} used ${whole(numbers.coreHours)} core hours in the ${PERIOD.label}, ${percent(numbers.share, 1)} of all. In the ${BEFORE.length} before, it was ${usual}.`,
        link: jobsList({ [field]: name, during: PERIOD.word }),
      };
    }
    case 'idle cores': {
      const { jobs, hwthreads } = unusual.numbers;
      return {
        text: idleWords(jobs, howMany(hwthreads, 'hardware thread')),
        link: idle('cores-used', nowSec),
      };
    }
    case 'idle accelerators': {
      const { jobs, accelerators } = unusual.numbers;
      return {
        text: idleWords(jobs, howMany(accelerators, 'accelerator')),
        link: idle('acc-used', nowSec),
      };
    }
    case 'overdue': {
      const { jobs } = unusual.numbers;
      const ids = unusual.about.ids.split(' ').map((id) => ['db-id', id] as [string, string]);
      return {
        text: `${howMany(jobs, 'job is', 'jobs are')} still running ${duration(LIMITS.overdue.sec)} or more after the end of ${jobs === 1 ? 'its' : 'their'} walltime.`,
        link: jobsList({}, ids),
      };
    }
    case 'refused': {
      const { reports, isAll } = unusual.numbers;
      return {
        text: `${isAll === 1 ? '' : 'At least '}${howMany(reports, 'report of a start or an end was', 'reports of starts and ends were')} refused in the ${PERIOD.label}, the last one because: ${cut(unusual.about.reason)}`,
        link: '/system#refused',
      };
    }
    case 'silence': {
      const { hours, usualHours } = unusual.numbers;
      return {
        text: `No job has started on ${cut(unusual.about.cluster)} for ${howMany(hours, 'hour')}. In the last ${BEFORE.length}, the longest such pause was ${howMany(usualHours, 'hour')}.`,
        link: jobsList({ cluster: unusual.about.cluster }),
      };
    }
  }
}

function idleWords(jobs: number, held: string): string {
  const has = jobs === 1 ? 'has' : 'have';
  const its = jobs === 1 ? 'its' : 'their';
  return `${howMany(jobs, 'running job')} ${has} used at most ${percent(LIMITS.idle.fraction, 1)} of ${its} ${held} for an hour or more.`;
}

function idle(field: 'cores-used' | 'acc-used', nowSec: number): string {
  const { fraction, sec } = LIMITS.idle;
  return jobsList({ state: 'running', 'start-time': `-${nowSec - sec}`, [field]: `-${fraction}` });
}

/** What each check looks for, for people. */
export const CHECKED: Readonly<Record<UnusualKind, string>> = {
  failures: 'nodes whose jobs fail more often than on other nodes',
  wait: 'long waits',
  use: 'users and projects with unusually many core hours',
  'idle cores': 'jobs with almost no load',
  'idle accelerators': 'jobs with idle accelerators',
  overdue: 'jobs beyond their walltime',
  refused: 'refused reports of jobs',
  silence: 'clusters on which no jobs start',
};

/** How each kind is found, for people: a title and a rule. Kinds with the same title have the same rule. */
export function rules(): Readonly<Record<UnusualKind, readonly [string, string]>> {
  const { failures, wait, use, idle, overdue, silence } = LIMITS;
  const load = [
    'Almost no load',
    `Running jobs that used at most ${idle.fraction * 100} % of their cores or accelerators for at least ${duration(idle.sec)}, if that was measured.`,
  ] as const;
  return {
    failures: [
      'Failures of a node',
      `At least ${failures.failed} jobs of at least ${failures.users} users failed on it, and at least ${failures.times} times as large a part as on the other nodes of its subcluster. By chance this happens on one day in ${Math.round(1 / failures.chance).toLocaleString('en')}.`,
    ],
    wait: [
      'Waits in a partition',
      `The median of at least ${wait.jobs} jobs is at least ${wait.times} times that of the ${BEFORE.length} before, and at least ${duration(wait.moreSec)} longer.`,
    ],
    use: [
      'Core hours of a user or project',
      `At least ${use.coreHours}, at least ${use.share * 100} % of all, and at least ${use.times} times the daily average of the ${BEFORE.length} before.`,
    ],
    'idle cores': load,
    'idle accelerators': load,
    overdue: ['Beyond the walltime', `Jobs that are running ${duration(overdue.sec)} after its end.`],
    silence: [
      'No starts on a cluster',
      `No job has started for at least ${silence.hours} hours, and at least ${silence.times} times as long as ever in the last ${BEFORE.length}, with at least ${silence.starts} starts in them.`,
    ],
    refused: [
      'Refused reports',
      'Starts and ends that a scheduler reported and the service refused. Only admins see them.',
    ],
  };
}
