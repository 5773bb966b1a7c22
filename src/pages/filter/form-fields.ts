import type { AnyField, FieldOf } from '../../jobs/fields.ts';

/** A text that people type; the others are chosen from what is configured. */
export type TypedField = FieldOf<'name' | 'hosts'> | Exclude<FieldOf<'text'>, { configured: true }>;
export type ConfiguredField = Extract<AnyField, { configured: true }>;

export function isConfigured(field: FieldOf<'text' | 'name' | 'hosts'>): field is ConfiguredField {
  return field.kind === 'text' && field.configured === true;
}

/** The name of a field in the form: `start` for start-time, `end` for end-time, `metric` for every footprint value. */
export function formName({ kind, name }: AnyField): string {
  if (kind === 'time' || kind === 'ended') return name.replace('-time', '');
  return kind === 'footprint' ? 'metric' : name;
}

/** From the operator of a form to the end of a parameter's name. */
export const OPERATORS = [
  { suffix: '', label: 'is' },
  { suffix: '.contains', label: 'contains' },
  { suffix: '.starts-with', label: 'starts with' },
  { suffix: '.not', label: 'is not' },
] as const;

/** `out_of_memory` as people write it. */
export function words(name: string): string {
  return name.replaceAll('_', ' ');
}
