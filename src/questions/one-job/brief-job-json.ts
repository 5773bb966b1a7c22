import { type RawBuilder, sql } from 'kysely';
import { jsonText, storedJson } from '../../db/sql/stored-json.ts';
import { firstCharacters } from '../../db/sql/stored-text.ts';
import { BRIEF_NAME_CHARACTERS } from '../../jobs/cut-lengths.ts';
import { column } from '../where/sqlite.ts';

/** Limits for the job data on a page. A job may have 10,000 nodes with a million threads, and metadata of 16 MB. */
export interface BriefJob {
  readonly hosts: number;
  /** Entries of the metadata. */
  readonly entries: number;
  /** Characters per metadata text. One more is returned, so that longer texts are recognized. */
  readonly characters: number;
}

/** `{"count":…,"first":[[hostname, threads, accelerators], …]}`: the number of nodes and the first of them. */
export function briefHosts({ hosts }: BriefJob): RawBuilder<string> {
  const list = storedJson(column('resources'), 'array', '[]');
  const of = (key: string) =>
    sql`CASE host.type WHEN 'object' THEN json_extract(host.value, ${sql.lit(`$.${key}`)}) END`;
  const count = (key: string) =>
    sql`CASE host.type WHEN 'object' THEN ifnull(json_array_length(host.value, ${sql.lit(`$.${key}`)}), 0) ELSE 0 END`;
  const shown = sql`json_array(ifnull(${firstCharacters(of('hostname'), BRIEF_NAME_CHARACTERS)}, ''), ${count('hwthreads')}, ${count('accelerators')})`;
  const first = sql`SELECT ${shown} AS shown FROM json_each(${list}) AS host LIMIT ${sql.lit(hosts)}`;
  return sql<string>`concat('{"count":', json_array_length(${list}), ',"first":[', (SELECT group_concat(shown, ',') FROM (${first}) AS hosts), ']}')`;
}

/** The name of the job, or ''. */
export function briefName({ characters }: BriefJob): RawBuilder<unknown> {
  return firstCharacters(sql`ifnull(${jsonText(column('meta_data'), 'jobName')}, '')`, characters + 1);
}

/** `{"count":…,"first":[[key, text, characters], …]}`: metadata without the job's name. Non-text values are JSON. */
export function briefMetadata({ entries, characters }: BriefJob): RawBuilder<string> {
  const all = storedJson(column('meta_data'), 'object', '{}');
  // json_each returns numbers and texts unchanged and objects as JSON, but other values for true, false and null.
  const text = sql`CASE WHEN entry.type IN ('true', 'false', 'null') THEN entry.type ELSE CAST(entry.value AS TEXT) END`;
  const shown = sql`json_array(${firstCharacters(sql`entry.key`, BRIEF_NAME_CHARACTERS)}, ${firstCharacters(text, characters + 1)}, length(${text}))`;
  const named = sql`FROM json_each(${all}) AS entry WHERE entry.key <> 'jobName'`;
  const first = sql`SELECT ${shown} AS shown ${named} LIMIT ${sql.lit(entries)}`;
  return sql<string>`concat('{"count":', (SELECT count(*) ${named}), ',"first":[', (SELECT group_concat(shown, ',') FROM (${first}) AS entries), ']}')`;
}
