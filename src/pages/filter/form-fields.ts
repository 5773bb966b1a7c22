import type { AnyField, FieldOf } from '../../jobs/fields.ts';

/** A text that people type. The values of the other text fields are chosen from the cluster configuration. */
export type TypedField = FieldOf<'name' | 'hosts'> | Exclude<FieldOf<'text'>, { configured: true }>;
export type ConfiguredField = Extract<AnyField, { configured: true }>;

export function isConfigured(field: FieldOf<'text' | 'name' | 'hosts'>): field is ConfiguredField {
  return field.kind === 'text' && field.configured === true;
}

/** Returns the name of a field in the form: `start` for start-time, `end` for end-time, `metric` for metric.NAME. */
export function formName({ kind, name }: AnyField): string {
  if (kind === 'time' || kind === 'ended') return name.replace('-time', '');
  return kind === 'footprint' ? 'metric' : name;
}

/** The operators of a form. `suffix` is the end of the parameter's name. */
export const OPERATORS = [
  { suffix: '', label: 'is' },
  { suffix: '.contains', label: 'contains' },
  { suffix: '.starts-with', label: 'starts with' },
  { suffix: '.not', label: 'is not' },
] as const;

/** Returns a name as people write it: `out of memory` for `out_of_memory`. */
export function words(name: string): string {
  return name.replaceAll('_', ' ');
}
