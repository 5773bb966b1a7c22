import { LEAST_JOBS, type Likeness, type WalltimeAdvice } from '../jobs/walltime-advice.ts';
import { duration, whole } from './format.ts';
import { type Html, html } from './html.ts';

const LIKE: Readonly<Record<Likeness, string>> = {
  cluster: 'cluster',
  partition: 'partition',
  family: 'name',
  size: 'size',
};

/** Renders advice on the walltime of jobs as a sentence. `asked` is 0 if it is unknown. */
export function adviceWords({ walltime, why, alike, jobs, within }: WalltimeAdvice, asked: number): Html {
  const shared = alike.map((likeness) => LIKE[likeness]).join(', ');
  const such = html`jobs of the same user${shared !== '' && `, ${shared}`}`;
  if (walltime !== undefined) {
    const minutes = Math.ceil(walltime / 60) * 60;
    return html`Advice for the next such job: <strong>${duration(minutes)}</strong> of walltime${asked > 0 && ` instead of ${duration(asked)}`}. ${whole(within)} of the last ${whole(jobs)} ${such} ended within ${duration(walltime)}.`;
  }
  if (why === 'not_shorter') return html`The last ${whole(jobs)} ${such} needed what this one asked for.`;
  if (why === 'unsteady') return html`No advice on the walltime: the run times of ${such} change too much.`;
  return html`No advice on the walltime yet: it needs at least ${LEAST_JOBS} ${such} that have ended, and more for a reliable one.`;
}
