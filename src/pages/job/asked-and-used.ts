import type { ShownJob } from '../../http/json/shown-job.ts';
import type { NodePeaks } from '../../jobs/node-peaks.ts';
import { usedOf } from '../../jobs/used-fractions.ts';
import type { WalltimeAdvice } from '../../jobs/walltime-advice.ts';
import { adviceWords } from '../advice-words.ts';
import { duration, memory } from '../format.ts';
import { type Html, html } from '../html.ts';

/** What a page knows of how much of what a job asked for it used. */
export interface UsedContent {
  peaks: readonly NodePeaks[];
  /** Undefined if the visitor may not know the user. */
  advice: WalltimeAdvice | undefined;
}

/** Renders how much of what a job asked for it used. `metrics` are those that the visitor may see. */
export function usedWords(job: ShownJob, metrics: readonly { name: string }[], { peaks, advice }: UsedContent): Html {
  const seen = Object.entries(job.footprint).filter(([key]) => metrics.some(({ name }) => key.startsWith(`${name}_`)));
  const used = usedOf({ ...job, footprint: Object.fromEntries(seen) }, peaks);
  const { 'walltime-used': walltime, 'cores-used': cores, 'memory-used': memory, 'acc-used': accelerators } = used;
  const sentences = [
    walltime !== undefined &&
      `It used ${duration(job.duration)} of ${duration(job.walltime)} of its walltime (${percent(walltime)}).`,
    cores !== undefined &&
      (cores > MOST_BUSY
        ? `On average it had ${cores.toFixed(1)} processes per hardware thread.`
        : `Its cores were busy ${percent(Math.min(1, cores))} of the time.`),
    ...memorySentences(job, memory),
    accelerators !== undefined && `Its accelerators were busy ${percent(accelerators)} of the time.`,
  ].filter((sentence) => sentence !== false);
  const words = advice === undefined ? false : adviceWords(advice, Number(job.walltime));
  if (sentences.length === 0 && words === false) return html`<p class="note">Nothing of it was measured.</p>`;
  return html`${sentences.length > 0 && html`<p>${sentences.join(' ')}</p>`}${words !== false && html`<p>${words}</p>`}`;
}

/** Without its own memory limit, a job has that of its nodes. */
function memorySentences({ memoryAsked }: ShownJob, used: number | undefined): string[] {
  if (memoryAsked === undefined) {
    return used === undefined ? [] : [`It used ${percent(used)} of the memory of its nodes.`];
  }
  const asked = memory(memoryAsked);
  return [used === undefined ? `It asked for ${asked} of memory.` : `It used ${percent(used)} of ${asked} of memory.`];
}

/** A load slightly above the number of threads is that of the system. */
const MOST_BUSY = 1.05;

function percent(fraction: number): string {
  const value = fraction * 100;
  return `${value < 10 && value > 0 ? value.toFixed(1) : value.toFixed(0)} %`;
}
