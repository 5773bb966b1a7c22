/** The most changes between a name and the one that was meant, by the length of the name. */
const mostChanges = (name: string) => Math.min(3, Math.floor(name.length / 3));

/** The known name that someone probably meant. Undefined if none is near. Case does not count. */
export function nearestName(name: string, known: readonly string[]): string | undefined {
  let nearest: { name: string; changes: number } | undefined;
  for (const other of known) {
    const changes = changesBetween(name.toLowerCase(), other.toLowerCase());
    if (changes <= mostChanges(name) && changes < (nearest?.changes ?? Number.POSITIVE_INFINITY))
      nearest = { name: other, changes };
  }
  return nearest?.name;
}

/** The characters to insert, delete, replace or swap with the next one (optimal string alignment distance). */
function changesBetween(one: string, other: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: other.length + 1 }, (_, at) => at);
  for (let i = 1; i <= one.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= other.length; j += 1) {
      const isSame = one[i - 1] === other[j - 1];
      const isSwapped = i > 1 && j > 1 && one[i - 1] === other[j - 2] && one[i - 2] === other[j - 1];
      row.push(
        Math.min(
          (last[j] ?? 0) + 1,
          (row[j - 1] ?? 0) + 1,
          (last[j - 1] ?? 0) + (isSame ? 0 : 1),
          isSwapped ? (beforeLast[j - 2] ?? 0) + 1 : Number.POSITIVE_INFINITY,
        ),
      );
    }
    [beforeLast, last] = [last, row];
  }
  return last[other.length] ?? 0;
}
