import type { Whole } from '../jobs/statistics.ts';
import { type Html, html } from './html.ts';

const GROUPED = new Intl.NumberFormat('en');
/** The limit of dates in JavaScript. */
const LAST_SEC = 8_640_000_000_000;

/** Formats a whole number exactly: `12,345`. */
export function whole(value: Whole): string {
  return GROUPED.format(value);
}

/** Formats a number of things: `1 job`, `12,345 jobs`. */
export function howMany(count: Whole, one: string, many = `${one}s`): string {
  return `${whole(count)} ${Number(count) === 1 ? one : many}`;
}

/** Formats a number with about four digits: `0.0123`, `3.142`, `123.5`, `12,345`. */
export function decimal(value: number): string {
  if (!Number.isFinite(value)) return '–';
  const size = Math.abs(value);
  if (size >= 1000) return GROUPED.format(Math.round(value));
  return String(Number(value.toPrecision(4)));
}

/** Returns `Last 7 days` for `last 7 days`. */
export function capitalized(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** Formats a duration with its two largest units: `3d 4h`, `2h 30m`, `5m 10s`, `45s`. */
export function duration(seconds: Whole): string {
  const total = Number(seconds);
  if (total < 0) return `−${duration(-total)}`;
  const [d, h, m, s] = [total / 86_400, (total % 86_400) / 3600, (total % 3600) / 60, total % 60].map(Math.floor) as [
    number,
    number,
    number,
    number,
  ];
  if (d > 0) return h > 0 ? `${whole(d)}d ${h}h` : `${whole(d)}d`;
  if (h > 0) return m > 0 ? `${h}h ${m}m` : `${h}h`;
  if (m > 0) return s > 0 ? `${m}m ${s}s` : `${m}m`;
  return `${s}s`;
}

/** Renders Unix seconds in UTC. The page's script replaces it with the time in the reader's zone. */
export function time(seconds: Whole): Html {
  const sec = Number(seconds);
  if (!(Math.abs(sec) < LAST_SEC)) return html`<span>${whole(seconds)} s</span>`;
  const iso = new Date(sec * 1000).toISOString();
  return html`<time datetime="${iso}">${iso.slice(0, -8).replace('T', ' ')} UTC</time>`;
}

/** Renders a part of a whole in brackets after its number: ` (33.3 %)`. */
export function percentage(part: Whole, all: Whole): Html {
  const percent = Number(all) === 0 ? 0 : (Number(part) / Number(all)) * 100;
  return html` <span class="of">(${percent.toFixed(1)} %)</span>`;
}

/** Renders a part of a whole as a bar with a percentage, or nothing if the whole is unknown. */
export function share(part: number, all: number | undefined): Html {
  if (all === undefined || all <= 0) return html``;
  const percent = Math.round((part / all) * 100);
  return html`<meter class="share" min="0" max="${all}" value="${Math.min(part, all)}" title="${percent} %">${percent} %</meter>`;
}

/** Formats MB: `500 MB`, `64 GB`, `1.5 TB`. */
export function memory(mb: Whole): string {
  const size = Number(mb);
  if (size < 1024) return `${size} MB`;
  return size < 2 ** 20 ? `${(size / 1024).toFixed(0)} GB` : `${(size / 2 ** 20).toFixed(1)} TB`;
}
