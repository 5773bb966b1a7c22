import type { Counters } from '../../processes/counters.ts';
import { type SettingName, SettingsSchema } from '../../settings.ts';
import type {
  ColumnIndexStatus,
  DatabaseStatus,
  MemorySample,
  ProcessStatus,
  RefusedReportsStatus,
  ReloadStatus,
  Sizing,
  SystemState,
  TimedWorkStatus,
} from '../../system-state-types.ts';
import { decimal, duration, howMany, time, whole } from '../format.ts';
import { type Html, html } from '../html.ts';
import { signOnTable } from './sign-on-table.ts';
import { table } from './table.ts';

/** The meaning of each counter of the pool. docs/operations.md has more. */
const COUNTERS: Readonly<Record<string, string>> = {
  timeouts: 'requests whose deadline passed',
  hangUps: 'requests whose client disconnected',
  interrupts: 'queries interrupted',
  memoryExceeded: 'queries stopped because of memory',
  kills: 'processes killed',
  crashes: 'processes that ended unexpectedly',
  replacements: 'processes replaced',
  retirements: 'idle processes ended',
  retries: 'reads retried on a second process',
  lostTwice: 'reads whose second process also died',
  queueFull: 'requests refused because the queue was full',
} satisfies Record<keyof Counters, string>;

/** Renders the state of the service. The page's script reloads the page and replaces the part within `live`. */
export function systemContent(system: SystemState, memory: readonly MemorySample[] | undefined): Html {
  const { settings, sources, notApplied, sizing, timedWork = [], lastReload, signOn } = system;
  return html`<div class="head"><h1>System</h1><p class="count" id="live-state" aria-live="polite"></p></div>
<section><h2>Memory</h2>${memory === undefined ? html`<p class="note">This runtime has no processes.</p>` : memoryPlot()}<div id="live">${live(system, memory)}</div></section>
${sizing !== undefined && sizingTable(sizing)}
${signOn !== undefined && signOnTable(signOn)}
${timedWork.length > 0 && timedWorkTable(timedWork)}
<section><h2 id="settings">Effective settings</h2>${lastReload !== undefined && reloadNote(lastReload)}${table(
    'settings',
    ['Setting', 'Value', 'Source', 'Meaning'],
    (Object.keys(SettingsSchema.shape) as SettingName[]).map((name) => {
      const source = sources[name];
      const value = shownValue(settings[name]);
      return html`<tr><th scope="row"><code>${name}</code></th><td class="value">${source === 'default' ? html`<span class="of">${value}</span>` : html`<b>${value}</b>`}</td><td>${source}${notApplied.includes(name) && ', ignored here'}</td><td class="words">${SettingsSchema.shape[name].description ?? ''}</td></tr>\n`;
    }),
  )}</section>`;
}

function reloadNote({ at, isRefused, changed, restartFor, problems }: ReloadStatus): Html {
  if (isRefused) return html`<p class="note">⚠ The reload at ${time(at)} was refused: ${problems.join('; ')}</p>`;
  const what = changed.length === 0 ? 'nothing changed' : `changed: ${changed.join(', ')}`;
  return html`<p class="note">Reloaded at ${time(at)}; ${what}.${restartFor.length > 0 && ` A restart is needed for ${restartFor.join(', ')}.`}</p>`;
}

/** Renders the figure that the script draws. Without the script, the numbers below are visible. */
function memoryPlot(): Html {
  return html`<figure class="plot wide"><div class="canvas" id="memory-plot" role="img" aria-label="Memory of the service over the last minutes"></div></figure>`;
}

function live(
  { database, degraded, refusedReports, archive, bodies, parquet, parent, sizing, upstream }: SystemState,
  memory: readonly MemorySample[] | undefined,
): Html {
  const totals = (memory ?? []).map((sample) => sample.parent + sample.connections + sample.archive + sample.columns);
  const now = totals.at(-1);
  const processes: ShownProcess[] = [
    ...(parent === undefined ? [] : [{ ...parent, role: 'parent', state: 'serving' }]),
    ...(bodies?.processes ?? []),
    ...(parquet?.processes ?? []),
    ...database.processes,
    ...(archive?.processes ?? []),
  ];
  const lag = parent?.eventLoopLagMs;
  const { columns, lanes } = columnsOf(database.columns);
  const others = { replica: database.replica, server: database.server, columns, upstream };
  return html`<dl class="totals" aria-label="Now" data-memory="${JSON.stringify(memory ?? [])}" data-limit="${sizing?.limitMb ?? ''}">
${now !== undefined && html`<div><dt>MB in use</dt><dd>${whole(now)}</dd></div><div><dt>Peak MB (10 min)</dt><dd>${whole(Math.max(...totals))}</dd></div>`}
${sizing !== undefined && html`<div><dt>MB limit</dt><dd>${whole(sizing.limitMb)}</dd></div>`}
${lag !== undefined && html`<div><dt>ms event loop lag, p99</dt><dd>${decimal(lag.p99)}</dd></div><div><dt>ms event loop lag, max</dt><dd>${decimal(lag.max)}</dd></div>`}
<div><dt>database</dt><dd>${healthOf(database, degraded)}</dd></div><div><dt>waiting in the queue</dt><dd>${whole(database.queued)}</dd></div></dl>
<h2 id="processes">Processes</h2>${
    processes.length === 0
      ? html`<p class="note">None: the database is on a libSQL server.</p>`
      : table(
          'processes',
          ['#Pid', 'Role', 'State', 'Current task', '#Memory MB', '#Age', '#Queries'],
          processes.map(processRow),
        )
  }
<h2 id="counters">Counters since the start</h2>${table('counters', ['Counter', '#Connections', ...(archive === undefined ? [] : ['#Archive'])], counterRows(database.counters, archive?.counters))}
${refusedTable(refusedReports)}
${Object.entries(others).map(([name, values]) => values !== undefined && html`<h2>${OTHERS[name]}</h2>${list(values)}`)}
${lanes !== undefined && lanesTable(lanes)}`;
}

/** The lanes of a column index, and the rest of its status. */
function columnsOf(columns: DatabaseStatus['columns']) {
  if (columns === undefined || columns.state === 'off') return { columns };
  const { lanes, ...rest } = columns;
  return { columns: rest, lanes };
}

function lanesTable(lanes: ColumnIndexStatus['lanes']): Html {
  const rows = Object.entries(lanes).map(
    ([name, { queued, waitMs }]) =>
      html`<tr><th scope="row">${name} <span class="of">${LANES[name]}</span></th><td class="num">${whole(queued)}</td>${Object.values(waitMs).map((ms) => html`<td class="num">${decimal(ms)}</td>`)}</tr>\n`,
  );
  return html`<h2 id="lanes">Questions to the column index</h2>
<p class="note">How long the last 1,000 questions of each lane waited.</p>
${table('lanes', ['Lane', '#Waiting', '#Wait ms, p50', '#p99', '#Max'], rows)}`;
}

const LANES: Readonly<Record<string, string>> = {
  quick: 'counts',
  lists: 'pages of lists',
  slow: 'statistics and histograms',
};

function healthOf({ alive, notAliveBecause }: DatabaseStatus, degraded: readonly string[]): string {
  if (!alive) return `✕ ${notAliveBecause ?? 'not responding'}`;
  return degraded.length === 0 ? '✓ responding' : `⚠ ${degraded.join('; ')}`;
}

const OTHERS: Readonly<Record<string, string>> = {
  replica: 'Replica',
  server: 'Server',
  columns: 'Column index',
  upstream: 'cc-backend',
};

/** A process as a row of the table. The parent has no count of queries. */
type ShownProcess = Pick<ProcessStatus, 'pid' | 'state' | 'doing' | 'rssMb' | 'ageSec'> & {
  role: string;
  queries?: number;
};

function processRow({ pid, role, state, doing, rssMb, ageSec, queries }: ShownProcess): Html {
  return html`<tr><td class="num">${pid}</td><th scope="row">${role}</th><td>${state}</td><td>${doing !== undefined && html`${doing.name} <span class="of">for ${whole(doing.ms)} ms</span>`}</td>
<td class="num">${decimal(rssMb)}</td><td class="num">${duration(ageSec)}</td><td class="num">${queries !== undefined && whole(queries)}</td></tr>\n`;
}

function counterRows(
  own: Readonly<Record<string, number>>,
  archive: Readonly<Record<string, number>> | undefined,
): Html[] {
  return Object.entries(own).map(
    ([name, value]) =>
      html`<tr><th scope="row">${name} <span class="of">${COUNTERS[name] ?? ''}</span></th><td class="num">${whole(value)}</td>${archive !== undefined && html`<td class="num">${whole(archive[name] ?? 0)}</td>`}</tr>\n`,
  );
}

function refusedTable({ starts, stops, repeated, last }: RefusedReportsStatus): Html {
  const rows = last.map(
    ({ at, kind, jobId, id, cluster, code, reason }) =>
      html`<tr><td>${time(at)}</td><td>${kind}</td><th scope="row">${jobId ?? (id === undefined ? '—' : `database id ${id}`)}</th><td>${cluster ?? ''}</td><td><code>${code}</code></td><td class="words">${reason}</td></tr>\n`,
  );
  return html`<h2 id="refused">Refused reports of jobs since the start</h2>
<p class="note">Refused: ${howMany(starts, 'start')} and ${howMany(stops, 'stop')}. Repetitions (422), which are harmless: ${whole(repeated)}.</p>
${rows.length > 0 && table('refused', ['Time', 'Report', 'Job', 'Cluster', 'Code', 'Reason'], rows)}`;
}

function sizingTable({
  limitMb,
  machine,
  parentMb,
  archiveMb,
  columnsMb,
  parquetMb,
  processes,
  connection,
  notes,
}: Sizing): Html {
  const each = connection.baseMb + connection.growthMb;
  const rows: readonly (readonly [string, number, string])[] = [
    ['machine', machine.memoryMb, machine.source],
    ['limit', limitMb, 'all processes together'],
    ['parent', parentMb, 'HTTP, requests and responses in flight, the process that parses large bodies'],
    ['archive', archiveMb, 'its processes, started on demand'],
    ['column index', columnsMb, 'one process'],
    ['Parquet files', parquetMb, 'their processes, started on demand'],
    ['connections', processes * each, `${processes} processes: readers, the writer, one spare`],
    ['page cache', connection.cacheMb, 'per connection'],
    ['soft heap limit', connection.softHeapMb, 'per connection: above this the page cache shrinks'],
    ['hard heap limit', connection.hardHeapMb, 'per connection: above this the query fails'],
  ];
  return html`<section><h2 id="sizing">Memory limits</h2>${table(
    'sizing',
    ['Part', '#MB', 'Meaning'],
    rows.map(
      ([name, mb, words]) =>
        html`<tr><th scope="row">${name}</th><td class="num">${whole(mb)}</td><td class="words">${words}</td></tr>\n`,
    ),
  )}${notes.map((note) => html`<p class="note">${note}</p>`)}</section>`;
}

function timedWorkTable(work: readonly TimedWorkStatus[]): Html {
  const rows = work.map(
    ({ name, beganAt, endedAt, result }) =>
      html`<tr><th scope="row">${name}</th><td>${time(beganAt)}</td><td>${endedAt === null ? '—' : time(endedAt)}</td><td class="words">${shownValue(result)}</td></tr>\n`,
  );
  return html`<section><h2 id="timed">Timed work</h2>${table('timed', ['Work', 'Began', 'Ended', 'Result'], rows)}</section>`;
}

function list(values: object): Html {
  return html`<dl class="facts">${Object.entries(values).map(([name, value]) => html`<div><dt>${words(name)}</dt><dd>${shownValue(value)}</dd></div>`)}</dl>`;
}

/** Renders a value as text: an object as the names and values of its members. */
function shownValue(value: unknown): string {
  if (value === undefined || value === null) return '—';
  if (typeof value === 'boolean') return value ? 'on' : 'off';
  if (typeof value === 'number' && !Number.isInteger(value)) return decimal(value);
  if (Array.isArray(value)) return value.map(shownValue).join(', ');
  if (typeof value !== 'object') return String(value);
  const members = Object.entries(value).map(([name, member]) => `${words(name)} ${shownValue(member)}`);
  return members.length === 0 ? '—' : members.join(', ');
}

/** Returns `closed early` for `closedEarly`. Other names stay as they are. */
function words(name: string): string {
  return name.replaceAll(/(?<=[a-z])[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}
