/** The values of a series; null where one is missing. */
export type Samples = readonly (number | null)[];

/** A list of samples as JSON text: two decimals, null for a missing sample. */
export function samplesText(samples: Samples): string {
  return `[${samples.map(sampleText).join()}]`;
}

/** The exact value rounded to two decimals, ties to even, as Go's 'f' format does. Trailing zeros are left out. */
function sampleText(sample: number | null): string {
  if (sample === null || !Number.isFinite(sample)) return 'null';
  const quick = Math.round(sample * 100) / 100;
  // Nearly all archived samples have two decimals already. toFixed takes ten times as long.
  if (quick === sample) return String(quick);
  // Only odd eighths are exactly halfway between two hundredths. toFixed rounds them away from zero.
  const eighths = sample * 8;
  if (Number.isInteger(eighths)) {
    const hundredths = Math.floor(Math.abs(sample) * 100);
    return String((Math.sign(sample) * (hundredths + (hundredths % 2))) / 100);
  }
  return String(Number(sample.toFixed(2)));
}
