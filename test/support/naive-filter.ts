import type { Condition, Range, TextOperator } from '../../src/jobs/filter.ts';
import type { VisibleJobs } from '../../src/jobs/visibility.ts';
import { naiveFraction } from './naive-fractions.ts';
import { type Row, TAGS } from './random-jobs.ts';

/** A straightforward filter over rows in memory. Texts are compared as bytes. */
export function matches(row: Row, jobs: VisibleJobs): boolean {
  return jobs.conditions.every((condition) => holds(row, condition, jobs));
}

function holds(row: Row, condition: Condition, { tagScopes, nodePeaks }: VisibleJobs): boolean {
  switch (condition.kind) {
    case 'text':
      return textHolds(row, condition);
    case 'id':
      return condition.values.includes(row[condition.field] ?? 0n);
    case 'digits':
      if (condition.values.length === 0) return false;
      return compare(Buffer.from(String(row[condition.field] ?? 0n)), condition.operator, condition.values);
    case 'member':
      return condition.values.includes(row[condition.field]);
    case 'tag':
      return condition.ids.some((id) => row.tags.includes(id) && tagScopes.includes(TAGS.get(id) ?? 'none'));
    case 'schedule': {
      const name = row.metadata.meaning?.jobName;
      return name !== undefined && name.equals(Buffer.from('interactive')) === (condition.schedule === 'interactive');
    }
    case 'whole': {
      const { field } = condition;
      const value = field === 'wait' ? waitOf(row) : field === 'memory-asked' ? memoryAskedOf(row) : (row[field] ?? 0n);
      return value !== undefined && within(value, condition.range);
    }
    case 'during': {
      const { range, nowSec } = condition;
      const start = row['start-time'];
      const end = row.state === 'running' ? BigInt(nowSec) : start + row.duration;
      // Every moment of the job is before its end; the first one is its start, also of a job of 0 s.
      const last = end > start ? end - 1n : start;
      return (range.to === undefined || start < range.to) && (range.from === undefined || last >= range.from);
    }
    case 'ended':
      if (['pending', 'running', 'suspended'].includes(row.state)) return false;
      return within(row['start-time'] + row.duration, condition.range);
    case 'decimal': {
      const value = condition.field === 'energy' ? row.energy : naiveFraction(row, condition.field, nodePeaks);
      return value !== undefined && within(value, condition.range);
    }
    case 'footprint': {
      const value = row.footprint.meaning?.[condition.key];
      return value !== undefined && within(value, condition.range);
    }
    case 'owner':
      return (
        row.user.equals(Buffer.from(condition.user)) ||
        condition.projects.some((name) => row.project.equals(Buffer.from(name)))
      );
  }
}

/** MB on all nodes. Undefined if the metadata does not say it. */
export function memoryAskedOf(row: Row): bigint | undefined {
  return row.metadata.meaning?.memoryAsked;
}

/** Undefined if the submit time is unknown or after the start. */
export function waitOf(row: Row): bigint | undefined {
  const start = row['start-time'];
  const text = row.metadata.meaning?.submitTime ?? '';
  const submitted = row.submitTime > 0n ? row.submitTime : /^\d{1,11}$/.test(text) ? BigInt(text) : 0n;
  return submitted > 0n && submitted <= start ? start - submitted : undefined;
}

function textHolds(row: Row, { field, operator, values }: Extract<Condition, { kind: 'text' }>): boolean {
  if (values.length === 0) return false;
  if (field === 'node') return (row.resources.meaning ?? []).some((host) => compare(host, operator, values));
  const text = field === 'job-name' ? row.metadata.meaning?.jobName : (row[field] ?? Buffer.from(''));
  return text !== undefined && compare(text, operator, values);
}

function compare(text: Buffer, operator: TextOperator, values: readonly string[]): boolean {
  const wanted = values.map((value) => Buffer.from(value)); // a lone surrogate becomes U+FFFD here, too
  switch (operator) {
    case 'is':
      return wanted.some((value) => text.equals(value));
    case 'not':
      return !wanted.some((value) => text.equals(value));
    case 'contains':
      return wanted.some((value) => fold(text).includes(fold(value)));
    case 'starts-with':
      return wanted.some((value) => fold(text).subarray(0, value.length).equals(fold(value)));
    case 'ends-with':
      return wanted.some((value) =>
        fold(text)
          .subarray(Math.max(0, text.length - value.length))
          .equals(fold(value)),
      );
  }
}

function fold(bytes: Buffer): Buffer {
  return Buffer.from(bytes.map((byte) => (byte >= 0x41 && byte <= 0x5a ? byte + 0x20 : byte)));
}

function within<Value extends bigint | number>(value: Value, { from, to }: Range<Value>): boolean {
  return (from === undefined || value >= from) && (to === undefined || value <= to);
}
