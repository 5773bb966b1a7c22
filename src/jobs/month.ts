import { Fault } from '../faults.ts';
import { startOfDay, type TimeZone } from './time-zone.ts';

/** A month by the clock of a time zone. It is half-open, in Unix seconds. */
export interface Month {
  /** `2026-10` */
  readonly name: string;
  readonly zone: TimeZone;
  readonly from: number;
  readonly to: number;
  readonly hasEnded: boolean;
}

const MONTH = /^(19[7-9]\d|[2-9]\d{3})-(0[1-9]|1[0-2])$/;

/** Whether a text is the name of a month from 1970 on. */
export function isMonthName(text: string): boolean {
  return MONTH.test(text);
}

/** The number of the last day of a month. */
export function lastDayOf(name: string): number {
  return new Date(firstDayMs(monthsLater(name, 1)) - 1).getUTCDate();
}

/** Throws an invalid_request that describes a valid value. */
export function monthOf(name: string, zone: TimeZone, nowSec: number): Month {
  if (!isMonthName(name)) throw invalid('must be a month from 1970 on, such as 2026-10');
  const [from, to] = [name, monthsLater(name, 1)].map((each) => startOfDay(firstDayMs(each), zone) / 1000) as [
    number,
    number,
  ];
  if (from > nowSec) throw invalid(`must be a month that has begun: ${name} has not`);
  return { name, zone, from, to, hasEnded: to <= nowSec };
}

/** Returns the name of the last month that has ended. */
export function lastMonth(zone: TimeZone, nowSec: number): string {
  return monthsLater(new Date(nowSec * 1000 + zone.offsetAt(nowSec * 1000)).toISOString().slice(0, 7), -1);
}

/** Returns the name of the month so many months later, or earlier if the number is negative. */
export function monthsLater(name: string, months: number): string {
  const day = new Date(firstDayMs(name));
  day.setUTCMonth(day.getUTCMonth() + months);
  const [year, month] = [day.getUTCFullYear(), day.getUTCMonth() + 1].map((part) => String(part).padStart(2, '0'));
  return `${year}-${month}`;
}

/** The year may have five digits: the month after 9999-12. */
function firstDayMs(name: string): number {
  const [year = 0, month = 1] = name.split('-').map(Number);
  return Date.UTC(year, month - 1);
}

function invalid(message: string): Fault {
  return new Fault('invalid_request', message);
}
