/** A time in UTC as a part of a file's name: 20261129T031500Z. Sorted by name, files are sorted by time. */
export function timeInName(time: Date): string {
  return time.toISOString().replace(/[-:]|\.\d+/g, '');
}
