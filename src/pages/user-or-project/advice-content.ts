import { groupId } from '../../jobs/groups.ts';
import type { UsualJobs } from '../../jobs/usual-jobs.ts';
import type { WalltimeAdvice } from '../../jobs/walltime-advice.ts';
import { adviceWords } from '../advice-words.ts';
import { cut } from '../cut-text.ts';
import { type Html, html } from '../html.ts';

/** Advice on the walltime of the usual jobs of a user. */
export type UsualAdvice = readonly { usual: UsualJobs; advice: WalltimeAdvice }[];

/** Renders the advice that there is, for the kinds with most jobs. */
export function adviceSection(usual: UsualAdvice): Html | false {
  const given = usual.filter(({ advice }) => advice.walltime !== undefined);
  if (given.length === 0) return false;
  return html`<section><h2>Advice on walltimes</h2><ul class="advice">
${given.map(
  ({ usual: { cluster, partition, family, size, walltime }, advice }) =>
    html`<li><bdi>${family === '' ? '(no name)' : cut(family)}</bdi> <span class="of"><bdi>${cut(cluster)}</bdi>${partition !== '' && html`, <bdi>${cut(partition)}</bdi>`}, ${groupId('size', String(size))} nodes</span>: ${adviceWords(advice, walltime ?? 0)}</li>\n`,
)}</ul></section>`;
}
