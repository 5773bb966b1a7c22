import { FAILED_STATES } from '../../jobs/job-enums.ts';
import { type PartitionUse, PERIOD, WAITS } from '../../questions/partitions/partition-use.ts';
import { cut } from '../cut-text.ts';
import { address, linked } from '../filter/filter-words.ts';
import { duration, percentage, whole } from '../format.ts';
import { type Html, html } from '../html.ts';

const HEADS = ['Running', 'Jobs', 'Core h', 'Failed', ...WAITS.map((p) => `Wait p${p}`)];

/** Renders the recent use of the partitions. */
export function partitionsContent(partitions: readonly PartitionUse[], { hasMore }: { hasMore: boolean }): Html {
  return html`<h1>Partitions</h1>
${
  partitions.length === 0
    ? html`<p class="note">No job that you may see is running or started in the ${PERIOD.label}.</p>`
    : html`<p class="note">Running jobs, and jobs that started in the ${PERIOD.label}.</p>
<div class="scroll" tabindex="0" role="region" aria-label="Partitions"><table class="data"><thead><tr><th scope="col">Cluster</th><th scope="col">Partition</th>${HEADS.map(
        (head) => html`<th scope="col" class="num">${head}</th>`,
      )}<th scope="col">Statistics</th></tr></thead><tbody>
${partitions.map(row)}</tbody></table></div>
${hasMore && html`<p class="note">There are more partitions, with fewer core hours.</p>`}`
}`;
}

function row({ cluster, partition, running, jobs, coreHours, failed, waits }: PartitionUse): Html {
  const query = { cluster, partition };
  const recent = { ...query, 'start-time': PERIOD.word };
  return html`<tr><th scope="row"><bdi>${cut(cluster)}</bdi></th><th scope="row">${partition === '' ? '(none)' : html`<bdi>${cut(partition)}</bdi>`}</th>
<td class="num">${linked({ ...query, state: 'running' }, whole(running))}</td><td class="num">${linked(recent, whole(jobs))}</td><td class="num">${whole(coreHours)}</td>
<td class="num">${linked({ ...recent, state: FAILED_STATES }, whole(failed))}${percentage(failed, jobs)}</td>
${waits.map((wait) => html`<td class="num">${wait === null || wait === undefined ? 'unknown' : duration(wait)}</td>`)}
<td><a href="${address('/statistics', new URLSearchParams({ ...recent, 'group-by': 'user' }))}">by user</a></td></tr>\n`;
}
