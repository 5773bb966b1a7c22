import type { Resource } from '../jobs/job.ts';
import { JOB_STATES, type JobState, SHARED, type Shared } from '../jobs/job-enums.ts';

/** Returns the state for any spelling in use (`out-of-memory`, upper case), or undefined. */
export function jobStateOf(text: string): JobState | undefined {
  const spelled = text.toLowerCase().replaceAll('-', '_');
  return JOB_STATES.find((state) => state === spelled);
}

export function sharedOf(text: string): Shared | undefined {
  return SHARED.find((shared) => shared === text);
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * Returns resources as stored, or undefined if the value is not a list of resources. Only the host name is required.
 */
export function resourcesOf(value: unknown): Resource[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const resources: Resource[] = [];
  for (const item of value) {
    if (!isRecord(item) || typeof item.hostname !== 'string' || item.hostname === '') return undefined;
    const hwthreads = listOf(item.hwthreads, (id): id is number => Number.isSafeInteger(id));
    const accelerators = listOf(item.accelerators, (id): id is string => typeof id === 'string');
    resources.push({
      hostname: item.hostname,
      ...(typeof item.configuration === 'string' && item.configuration !== ''
        ? { configuration: item.configuration }
        : {}),
      ...(hwthreads.length === 0 ? {} : { hwthreads }),
      ...(accelerators.length === 0 ? {} : { accelerators }),
    });
  }
  return resources;
}

function listOf<Item>(value: unknown, is: (item: unknown) => item is Item): Item[] {
  return Array.isArray(value) ? value.filter(is) : [];
}

/** Returns the members of an object as texts, or null if the value is not an object. */
export function textMap(value: unknown): Record<string, string> | null {
  return isRecord(value) ? mapOf(value, (item) => (typeof item === 'string' ? item : JSON.stringify(item))) : null;
}

/** Returns the numbers of an object, or null if the value is not an object. */
export function numberMap(value: unknown): Record<string, number> | null {
  return isRecord(value) ? mapOf(value, (item) => (typeof item === 'number' ? item : undefined)) : null;
}

function mapOf<Value>(record: Record<string, unknown>, convert: (item: unknown) => Value | undefined) {
  const entries = Object.entries(record).flatMap(([key, item]): [string, Value][] => {
    const value = convert(item);
    return value === undefined ? [] : [[key, value]];
  });
  // fromEntries defines own properties, even for a key such as __proto__.
  return Object.fromEntries(entries);
}
