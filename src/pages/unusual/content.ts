import { LIMITS, type UnusualKind } from '../../jobs/unusual-kinds.ts';
import { duration } from '../format.ts';
import { type Html, html } from '../html.ts';
import { CHECKED } from './unusual-words.ts';

export interface ShownUnusual {
  text: string;
  link: string;
}

export interface UnusualContent {
  found: readonly ShownUnusual[];
  more: number;
  unchecked: readonly UnusualKind[];
}

/** Renders what is unusual, and how it is found. */
export function unusualContent({ found, more, unchecked }: UnusualContent): Html {
  return html`<h1>Unusual in the last 24 hours</h1>
${found.length === 0 ? html`<p class="note">Nothing unusual was found.</p>` : html`<ul class="unusual">${found.map(({ text, link }) => html`<li><a href="${link}"><bdi>${text}</bdi></a></li>\n`)}</ul>`}
${more > 0 && html`<p class="note">And ${more} more of the same kinds.</p>`}
${unchecked.length > 0 && html`<p class="problem">Not checked, for lack of time: ${unchecked.map((kind) => CHECKED[kind]).join(', ')}.</p>`}
<section><h2>How it is found</h2><dl class="facts">${Object.entries(rules()).map(([what, rule]) => html`<div><dt>${what}</dt><dd>${rule}</dd></div>\n`)}</dl></section>`;
}

/** Renders the place on the overview. Its script requests what is unusual. */
export function unusualSection(): Html {
  return html`<section><div class="head"><h2 id="unusual">Unusual in the last 24 hours</h2><a class="across" href="/unusual">How it is found</a></div>
<ul class="unusual" data-from="/api/unusual" hidden></ul><p class="note" data-unusual-state aria-live="polite"><noscript><a href="/unusual">Show</a></noscript></p></section>
`;
}

function rules(): Record<string, string> {
  const { failures, wait, use, idle, overdue, silence } = LIMITS;
  return {
    'Failures of a node': `At least ${failures.failed} jobs of at least ${failures.users} users failed on it, and at least ${failures.times} times as large a part as on the other nodes of its subcluster. By chance this happens on one day in ${Math.round(1 / failures.chance).toLocaleString('en')}.`,
    'Waits in a partition': `The median of at least ${wait.jobs} jobs is at least ${wait.times} times that of the four weeks before, and at least ${duration(wait.moreSec)} longer.`,
    'Core hours of a user or project': `At least ${use.coreHours}, at least ${use.share * 100} % of all, and at least ${use.times} times the daily average of the four weeks before.`,
    'Almost no load': `Running jobs that used at most ${idle.fraction * 100} % of their cores or accelerators for at least ${duration(idle.sec)}, if that was measured.`,
    'Beyond the walltime': `Jobs that are running ${duration(overdue.sec)} after its end.`,
    'No starts on a cluster': `No job has started for at least ${silence.hours} hours, and at least ${silence.times} times as long as ever in the last four weeks, with at least ${silence.starts} starts in them.`,
    'Refused reports': 'Starts and ends that a scheduler reported and the service refused. Only admins see them.',
  };
}
