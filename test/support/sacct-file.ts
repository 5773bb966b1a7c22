import { PassThrough } from 'node:stream';
import { NO_CLUSTERS } from '../../src/clusters/clusters.ts';
import { openInput } from '../../src/import/open-input.ts';
import { localClock } from '../../src/import/sacct/local-clock.ts';
import { type SacctOptions, sacctSource } from '../../src/import/sacct/sacct-source.ts';

/** The jobs of files of sacct, whose times are UTC unless said otherwise. Standard input is `stdin`. */
export async function sacctFiles(
  paths: readonly string[],
  options: Partial<SacctOptions> = {},
  stdin = new PassThrough(),
) {
  const inputs = await Promise.all(paths.map((path) => openInput(path, stdin)));
  return await sacctSource(inputs, { clock: localClock('UTC'), clusters: NO_CLUSTERS, cluster: undefined, ...options });
}
