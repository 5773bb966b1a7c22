import { type RawBuilder, sql } from 'kysely';
import { jsonText, storedJson } from '../../db/sql/stored-json.ts';
import { firstCharacters } from '../../db/sql/stored-text.ts';
import { column } from '../where/sqlite.ts';

/** How much of a job a page shows. A job may have 10,000 nodes with a million threads, and metadata of 16 MB. */
export interface BriefJob {
  readonly hosts: number;
  /** Of the metadata. */
  readonly entries: number;
  /** Of a text of the metadata; one more is answered, so that a longer text is known. */
  readonly characters: number;
}

/** Names of hosts and keys of the metadata are answered up to here. */
const NAME_CHARACTERS = 300;

/** `{"count":…,"first":[[hostname, threads, accelerators], …]}`: how many nodes there are, and the first of them. */
export function briefHosts({ hosts }: BriefJob): RawBuilder<string> {
  const list = storedJson(column('resources'), 'array', '[]');
  const of = (key: string) =>
    sql`CASE host.type WHEN 'object' THEN json_extract(host.value, ${sql.lit(`$.${key}`)}) END`;
  const count = (key: string) =>
    sql`CASE host.type WHEN 'object' THEN ifnull(json_array_length(host.value, ${sql.lit(`$.${key}`)}), 0) ELSE 0 END`;
  const shown = sql`json_array(ifnull(${firstCharacters(of('hostname'), NAME_CHARACTERS)}, ''), ${count('hwthreads')}, ${count('accelerators')})`;
  const first = sql`SELECT ${shown} AS shown FROM json_each(${list}) AS host LIMIT ${sql.lit(hosts)}`;
  return sql<string>`concat('{"count":', json_array_length(${list}), ',"first":[', (SELECT group_concat(shown, ',') FROM (${first}) AS hosts), ']}')`;
}

/** The job's name; '' without one. */
export function briefName({ characters }: BriefJob): RawBuilder<unknown> {
  return firstCharacters(sql`ifnull(${jsonText(column('meta_data'), 'jobName')}, '')`, characters + 1);
}

/** `{"count":…,"first":[[key, text, characters], …]}`: entries of the metadata without the job's name; what is no text as its JSON. */
export function briefMetadata({ entries, characters }: BriefJob): RawBuilder<string> {
  const all = storedJson(column('meta_data'), 'object', '{}');
  // json_each has a number or a text as it is, an object as JSON, and for true, false and null another value.
  const text = sql`CASE WHEN entry.type IN ('true', 'false', 'null') THEN entry.type ELSE CAST(entry.value AS TEXT) END`;
  const shown = sql`json_array(${firstCharacters(sql`entry.key`, NAME_CHARACTERS)}, ${firstCharacters(text, characters + 1)}, length(${text}))`;
  const named = sql`FROM json_each(${all}) AS entry WHERE entry.key <> 'jobName'`;
  const first = sql`SELECT ${shown} AS shown ${named} LIMIT ${sql.lit(entries)}`;
  return sql<string>`concat('{"count":', (SELECT count(*) ${named}), ',"first":[', (SELECT group_concat(shown, ',') FROM (${first}) AS entries), ']}')`;
}
