import { FIELDS } from '../../jobs/fields.ts';
import type { ClippedSeconds, JobsStatistics, Whole } from '../../jobs/statistics.ts';
import type { TimelinePoint } from '../../jobs/timeline.ts';
import type { Unused } from '../../jobs/unused-hours.ts';
import {
  MOST_REPORTED,
  type MonthlyReport,
  REPORT_SUBJECTS,
  type ReportSubject,
  WAITS,
} from '../../questions/report/monthly-report.ts';
import { cut } from '../cut-text.ts';
import { decimal, duration, whole } from '../format.ts';
import { shownGroup } from '../statistics/group-words-and-links.ts';

/** A table of a report. The first column has names, the others numbers. */
export interface ReportTable {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** A report as texts, which are written as HTML or as plain text. */
export interface ReportTables {
  readonly title: string;
  readonly notes: readonly string[];
  readonly tables: readonly ReportTable[];
}

/** `isPartial`: the reader may see only some of the jobs. */
export function reportTables(report: MonthlyReport, isPartial: boolean): ReportTables {
  const { month, about, totals, unused } = report;
  const subjects = REPORT_SUBJECTS.flatMap((by) => (about[by] === undefined ? [] : [`${by} ${cut(about[by])}`]));
  return {
    title: `Report of ${month.name}: ${subjects.length === 0 ? 'all jobs' : subjects.join(', ')}`,
    notes: [
      `The month has ${decimal((month.to - month.from) / 3600)} hours in the time zone ${month.zone.name}. Jobs count with their time inside it. Hours are rounded down; seconds are exact, and those of twelve months add up to those of the year.`,
      ...(isPartial ? ['Only jobs that you may see are counted.'] : []),
      ...(Number(totals?.totalJobs ?? 0) === 0 ? ['No job ran in it.'] : []),
      ...(month.hasEnded ? [] : ['This month has not ended. Its figures will change.']),
    ],
    tables: [
      countsTable(report),
      { title: 'Use', columns: ['Of', 'Hours', 'Seconds'], rows: totals === undefined ? [] : usedRows(totals) },
      ...report.tables.map(({ by, groups }) => groupTable(by, groups, totals)),
      {
        title: 'Jobs that ended, with all of their hours',
        columns: ['State', 'Jobs', 'Node h', 'Core h', 'Acc. h'],
        rows: report.states.map((state) => [
          shownGroup('state', state.id),
          ...[state.totalJobs, state.totalNodeHours, state.totalCoreHours, state.totalAccHours].map(whole),
        ]),
      },
      ...(unused === undefined ? [] : [unusedTable(unused)]),
      {
        title: 'Days',
        columns: ['Day', 'Started', 'Ended', 'Core h', 'Core s', 'Acc. h', 'Acc. s'],
        rows: report.days.map((day) => dayRow(report, day)),
      },
    ],
  };
}

function countsTable({ totals, days, states, wait }: MonthlyReport): ReportTable {
  const started = days.reduce((all, day) => all + day.started, 0);
  const ended = states.reduce((all, { totalJobs }) => all + Number(totalJobs), 0);
  const waitOf = (at: number) => {
    const value = wait?.values[at]?.value ?? null;
    return value === null ? 'unknown' : duration(value);
  };
  return {
    title: 'Jobs',
    columns: ['Figure', 'Number'],
    rows: [
      ['Jobs that ran', whole(totals?.totalJobs ?? 0)],
      ['Jobs that started', whole(started)],
      ['Jobs that ended', whole(ended)],
      ['Users with jobs that ran', whole(totals?.totalUsers ?? 0)],
      ...WAITS.map((p, at) => [`Wait of jobs that started, ${p === 50 ? 'median' : `${p}th percentile`}`, waitOf(at)]),
    ],
  };
}

const USED = [
  ['Jobs', 'totalWalltimeSeconds'],
  ['Nodes', 'totalNodeSeconds'],
  ['Cores (hardware threads)', 'totalCoreSeconds'],
  ['Accelerators', 'totalAccSeconds'],
] as const satisfies [string, ClippedSeconds][];

function usedRows(totals: JobsStatistics): string[][] {
  return USED.map(([name, sum]) => [name, ...hoursAndSeconds(totals[sum])]);
}

type Counted = 'totalJobs' | ClippedSeconds;

function groupTable(
  by: ReportSubject,
  groups: readonly JobsStatistics[],
  totals: JobsStatistics | undefined,
): ReportTable {
  const { label } = FIELDS[by].form;
  const row = (name: string, count: (sum: Counted) => bigint) => [
    name,
    whole(count('totalJobs')),
    ...(['totalNodeSeconds', 'totalCoreSeconds', 'totalAccSeconds'] as const).flatMap((sum) =>
      hoursAndSeconds(count(sum)),
    ),
  ];
  const others = (sum: Counted) =>
    groups.reduce((rest, group) => rest - BigInt(group[sum] ?? 0), BigInt(totals?.[sum] ?? 0));
  return {
    title: groups.length === MOST_REPORTED ? `${label}, the ${MOST_REPORTED} with most core hours` : label,
    columns: [label, 'Jobs', 'Node h', 'Node s', 'Core h', 'Core s', 'Acc. h', 'Acc. s'],
    rows: [
      ...groups.map((group) => row(shownGroup(by, group.id), (sum) => BigInt(group[sum] ?? 0))),
      ...(others('totalJobs') > 0n ? [row('(others)', others)] : []),
    ],
  };
}

function unusedTable(unused: Unused): ReportTable {
  return {
    title: 'Asked for and not used, by jobs that ended',
    columns: ['Figure', 'Hours'],
    rows: [
      ['Core hours', whole(unused.totalCoreHours)],
      ['Core hours whose load was measured', whole(unused.measuredCoreHours)],
      ['Idle core hours among them', whole(unused.idleCoreHours)],
      ['Core hours of walltime after the end of jobs', whole(unused.unusedWalltimeCoreHours)],
      ['Accelerator hours', whole(unused.totalAccHours)],
      ['Accelerator hours whose load was measured', whole(unused.measuredAccHours)],
      ['Idle accelerator hours among them', whole(unused.idleAccHours)],
    ],
  };
}

function dayRow({ month }: MonthlyReport, day: TimelinePoint): string[] {
  const local = new Date(day.from * 1000 + month.zone.offsetAt(day.from * 1000)).toISOString().slice(0, 10);
  const used = [day.coreSeconds, day.accSeconds].flatMap(hoursAndSeconds);
  return [local, whole(day.started), whole(day.ended), ...used];
}

function hoursAndSeconds(seconds: Whole | undefined = 0): [string, string] {
  return [whole(BigInt(seconds) / 3600n), whole(seconds)];
}
