import { RawJson } from './raw-json.ts';

/** JSON.rawJSON of ES2026. It takes a number, but not a list. */
const exact = JSON as unknown as { rawJSON(text: string): object };

/** Prints an answer: bigints as whole numbers, NaN as null, RawJson as it is. */
export function printed(answer: unknown): string {
  const texts: string[] = [];
  const mark = crypto.randomUUID();
  const text = JSON.stringify(answer, (_, value: unknown) => {
    if (typeof value === 'bigint') return exact.rawJSON(String(value));
    if (!(value instanceof RawJson)) return value;
    texts.push(value.text);
    return mark;
  });
  if (texts.length === 0) return text;
  const [first = '', ...rest] = text.split(`"${mark}"`);
  return first + rest.map((part, index) => (texts[index] ?? '') + part).join('');
}
