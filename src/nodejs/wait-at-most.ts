/** The result of work, or undefined if it takes longer. Leaves no timer that keeps the process running. */
export async function waitAtMost<Result>(limitMs: number, work: Promise<Result>): Promise<Result | undefined> {
  const late = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => late.resolve(undefined), limitMs);
  try {
    return await Promise.race([work, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
