import { type Group, groupOf } from '../../jobs/groups.ts';
import type { Unused } from '../../jobs/unused-hours.ts';
import type { UnusedByGroup } from '../../questions/user-or-project/user-or-project-use.ts';
import { address, linked } from '../filter/filter-words.ts';
import { percentage, whole } from '../format.ts';
import { type Html, html } from '../html.ts';
import { subjectLink } from '../page-links.ts';
import { shownGroup } from '../statistics/group-words-and-links.ts';

/** At most this part of its cores is little. */
const LITTLE = '-0.25';

/** Renders what jobs of a period asked for and did not use. */
export function unusedSection(
  { label, query }: { label: string; query: URLSearchParams },
  { total, by, groups }: UnusedByGroup,
): Html | false {
  if (Number(total.totalJobs) === 0) return false;
  const idle = linked(
    Object.fromEntries([...query, ['cores-used', LITTLE]]),
    'jobs that used at most a quarter of their cores',
  );
  const most = address('/jobs', query, new URLSearchParams({ 'sort-by': 'cores-used', order: 'asc' }));
  const accelerators =
    Number(total.measuredAccHours) > 0 &&
    html` Of ${whole(total.measuredAccHours)} accelerator hours ${whole(total.idleAccHours)} were idle${percentage(total.idleAccHours, total.measuredAccHours)}.`;
  const wasted = groups.filter(({ idleCoreHours, idleAccHours }) => Number(idleCoreHours) + Number(idleAccHours) > 0);
  return html`<section><div class="head"><h2>Asked for and not used, ${label}</h2><a class="across" href="${most}">All</a></div>
<p>${
    Number(total.measuredJobs) === 0
      ? html`The load of these jobs was not measured.`
      : html`Of ${whole(total.measuredCoreHours)} measured core hours ${whole(total.idleCoreHours)} were idle${percentage(total.idleCoreHours, total.measuredCoreHours)}: ${idle}.${accelerators}`
  } The jobs asked for ${whole(total.unusedWalltimeCoreHours)} core hours of walltime more than they ran.</p>
${by !== undefined && wasted.length > 0 && table(by, wasted)}</section>`;
}

function table(by: Group, groups: readonly Unused[]): Html {
  const heads = ['Jobs', 'Core h', 'Idle', 'Acc. h', 'Idle'];
  const { label } = groupOf(by);
  const row = (group: Unused) => {
    const name = by === 'user' ? subjectLink(by, group.id) : html`<bdi>${shownGroup(by, group.id)}</bdi>`;
    return html`<tr><th scope="row" class="name">${name}</th><td class="num">${whole(group.totalJobs)}</td><td class="num">${whole(group.measuredCoreHours)}</td><td class="num">${whole(group.idleCoreHours)}${percentage(group.idleCoreHours, group.measuredCoreHours)}</td><td class="num">${whole(group.measuredAccHours)}</td><td class="num">${whole(group.idleAccHours)}${percentage(group.idleAccHours, group.measuredAccHours)}</td></tr>\n`;
  };
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Most idle core hours"><table class="data"><thead><tr><th scope="col">${label}</th>${heads.map((head) => html`<th scope="col" class="num">${head}</th>`)}</tr></thead><tbody>
${groups.map(row)}</tbody></table></div>`;
}
