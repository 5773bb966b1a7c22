/** Starts and stops jobs on several servers, in alternating rounds. */
import { adapter, type JobPattern, patternFrom, type Sent } from './adapting.ts';
import type { Server } from './server.ts';
import { percentile } from './table.ts';
import { warm } from './warm.ts';

const ROUNDS = 7;
const JOBS_PER_ROUND = 300;

/** Uses the servers in turn, so that all of them run under the same conditions. */
export async function rounds(servers: readonly Server[]): Promise<Sent[][]> {
  const patterns: JobPattern[] = [];
  for (const server of servers) {
    await warm(server, 1);
    patterns.push(await patternFrom(server));
  }
  const sent: Sent[][] = servers.map(() => []);
  for (let round = 0; round < ROUNDS; round++) {
    for (const [at, server] of servers.entries()) {
      const job = patterns[at];
      if (job === undefined) continue;
      const adapted = await adapter(server, { job, jobs: JOBS_PER_ROUND, connections: 1 });
      if (round > 0) sent[at]?.push(...adapted.sent); // the first round warms up
    }
  }
  return sent;
}

export const timesOf = (sent: readonly Sent[], kind: Sent['what']) =>
  sent.filter(({ what }) => what === kind).map(({ ms }) => ms);
export const medianOf = (sent: readonly Sent[], kind: Sent['what']) => percentile(timesOf(sent, kind), 0.5);
