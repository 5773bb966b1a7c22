/** A number that JSON.stringify writes with these digits. */
export interface NumberText {
  readonly rawJSON: string;
}

type Reviver = (key: string, value: unknown, context: { source?: string }) => unknown;
/** Part of ES2026 and supported by all our runtimes. The libraries of TypeScript do not declare them yet. */
const { parse, rawJSON } = JSON as unknown as {
  parse(text: string, reviver: Reviver): unknown;
  rawJSON(text: string): NumberText;
};

/** Parses JSON. A whole number becomes a bigint if a number would round it. */
export function exactJson(text: string): unknown {
  // The reviver takes three to ten times as long, and few texts have such a number.
  if (!/\d{16}/.test(text)) return JSON.parse(text);
  return parse(text, (_, value, { source = '' }) =>
    typeof value === 'number' && !Number.isSafeInteger(value) && /^-?\d+$/.test(source) ? BigInt(source) : value,
  );
}

/** Parses JSON. Every number becomes a NumberText, so that it is written as it was. */
export function jsonWithNumberTexts(text: string): unknown {
  return parse(text, (_, value, { source = '' }) => (typeof value === 'number' ? rawJSON(source) : value));
}

/** Returns a value as JSON text with a final line feed. Bigints become whole numbers, NaN and infinity null. */
export function losslessJson(value: unknown): string {
  return `${JSON.stringify(value, (_, member: unknown) => (typeof member === 'bigint' ? rawJSON(String(member)) : member))}\n`;
}
