import { address } from '../filter/filter-words.ts';
import { type Html, html } from '../html.ts';
import type { ReportTable, ReportTables } from './report-tables.ts';

/** Renders the tables of a report. */
function tablesContent({ notes, tables }: ReportTables): Html {
  return html`${notes.map((note) => html`<p>${note}</p>\n`)}${tables.map(tableContent)}`;
}

function tableContent({ title, columns: [first = '', ...columns], rows }: ReportTable): Html {
  const row = ([name, ...values]: readonly string[]) =>
    html`<tr><th scope="row" class="name"><bdi>${name}</bdi></th>${values.map((value) => html`<td class="num">${value}</td>`)}</tr>\n`;
  return html`<section><h2>${title}</h2>
${
  rows.length === 0
    ? html`<p>None.</p>`
    : html`<div class="scroll" tabindex="0" role="region" aria-label="${title}"><table class="data"><thead><tr><th scope="col">${first}</th>${columns.map(
        (column) => html`<th scope="col" class="num">${column}</th>`,
      )}</tr></thead><tbody>
${rows.map(row)}</tbody></table></div>`
}</section>\n`;
}

export interface ReportPage {
  /** What the page shows, as its address has it. */
  readonly query: Readonly<Record<'month' | 'cluster' | 'project' | 'user' | 'zone', string>>;
  readonly previous: string;
  /** Undefined if it has not begun. */
  readonly next: string | undefined;
}

/** Renders the page of a report, with a form for another one. */
export function reportContent(report: ReportTables, { query, previous, next }: ReportPage): Html {
  const { month, ...rest } = query;
  const path = (other: string) =>
    address(
      '/report',
      new URLSearchParams([['month', other], ...Object.entries(rest).filter(([, text]) => text !== '')]),
    );
  const field = (name: keyof typeof rest, label: string) =>
    html`<label><span>${label}</span> <input type="text" name="${name}" value="${rest[name]}" autocomplete="off" spellcheck="false"></label>\n`;
  return html`<div class="head"><h1><bdi>${report.title}</bdi></h1><span class="across"><a href="${path(previous)}">← ${previous}</a>${next !== undefined && html` · <a href="${path(next)}">${next} →</a>`}</span></div>
<form class="report" action="/report"><label><span>Month</span> <input type="month" name="month" value="${month}" pattern="[0-9]{4}-[0-9]{2}" required></label>
${field('cluster', 'Cluster')}${field('project', 'Project')}${field('user', 'User')}${field('zone', 'Time zone')}<button>Show</button></form>
${tablesContent(report)}`;
}

/** Renders a report as a file that needs no other, for A4 paper. */
export function reportFile(report: ReportTables): Html {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${report.title}</title>
<style>
@page { size: A4; margin: 15mm; }
body { max-width: 180mm; margin: 8mm auto; color: #000; background: #fff; font: 10pt/1.4 system-ui, sans-serif; }
@media print { body { margin: 0 auto; } }
h1 { font-size: 16pt; overflow-wrap: anywhere; }
h2 { font-size: 12pt; margin: 1.5em 0 0.4em; break-after: avoid; }
table { width: 100%; border-collapse: collapse; font-size: 8.5pt; }
th, td { padding: 0.15em 0.4em; border-bottom: 1px solid #bbb; text-align: left; font-weight: normal; }
thead { display: table-header-group; }
thead th { font-weight: bold; }
tr { break-inside: avoid; }
.name { overflow-wrap: anywhere; }
.num { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
</style>
</head>
<body>
<h1><bdi>${report.title}</bdi></h1>
${tablesContent(report)}</body>
</html>
`;
}
