/** The metadata in which cc-slurm-adapter reports when a job was submitted, as decimal text. */
export const SUBMIT_TIME_KEY = 'submitTime';
/** Digits of a time: more are no Unix seconds. */
export const MOST_DIGITS = 11;

/**
 * When a job was submitted, in Unix seconds: the `submitTime` of the job, else that of its metadata. 0 where neither has it. A time of the
 * metadata that is later than the start is no submit time.
 */
export function submitTimeOf(
  { submitTime, startTime }: { submitTime: number | bigint; startTime: number | bigint },
  metaData: Readonly<Record<string, string>> | null | undefined,
): number | bigint {
  if (submitTime !== 0 && submitTime !== 0n) return submitTime;
  const text = metaData?.[SUBMIT_TIME_KEY] ?? '';
  const time = text.length <= MOST_DIGITS && /^\d+$/.test(text) ? Number(text) : 0;
  return time <= startTime ? time : 0;
}
