/** Every entry of src/jobs/fields.ts agrees with the table, and is used everywhere. */
import { describe, expect, onTestFinished, test } from 'vitest';
import { parseFilter } from '../../src/http/query/job-filter-query.ts';
import { ALL_FIELDS, fieldOfParameter, STORED_FIELDS } from '../../src/jobs/fields.ts';
import { filterWords } from '../../src/pages/filter/filter-words.ts';
import { filterForm } from '../../src/pages/filter/form.ts';
import { entriesOf, queryOfEntries } from '../../src/pages/filter/form-entries.ts';
import { formName } from '../../src/pages/filter/form-fields.ts';
import { STORED_COLUMNS } from '../../src/questions/index-columns.ts';
import { testDatabase } from '../support/sql.ts';

test('a field is a column of the table, which may be NULL where the entry says so', async () => {
  const db = await testDatabase();
  onTestFinished(() => db.close());
  const columns = (await db.all('SELECT name, "notnull" OR pk AS has FROM pragma_table_info(\'job\')')) as {
    name: string;
    has: number;
  }[];
  for (const { name, column, nullable = false } of STORED_FIELDS) {
    expect(columns, name).toContainEqual({ name: column, has: nullable ? 0 : 1 });
  }
});

test('the column index has a column for every field of the table', () => {
  const names = STORED_FIELDS.map(({ column }) => column);
  expect(STORED_COLUMNS.map(({ name }) => name).toSorted()).toEqual(names.toSorted());
});

describe.each(ALL_FIELDS.map((field) => [field.name, field] as const))('%s', (name, field) => {
  const { api, form } = field;
  const query = new URLSearchParams([[name, api.example]]);
  const page = { path: '/jobs', query, keep: new URLSearchParams() };

  test('is a parameter of the API with this example', () => {
    expect(parseFilter(query)).toHaveLength(1);
    expect(fieldOfParameter(name)?.name).toBe(name);
  });

  test('is said in words', () => {
    const words = String(filterWords(page, new Map()));
    expect(words).toContain(name === 'metric.NAME' ? 'NAME' : `<span class="of">${form.label}`);
  });

  test('is in the form, which says the same', () => {
    const entries = entriesOf(query);
    const said = queryOfEntries(entries);
    expect([String(said.query), said.problems]).toEqual([String(query), new Map()]);
    const offers = { configured: { cluster: ['fern'], subcluster: ['main'] }, tags: [], tagsInAll: 0, metrics: [] };
    const text = String(filterForm({ page, entries, problems: new Map(), offers, open: false }));
    expect(text).toMatch(new RegExp(` name="f\\.${formName(field)}(\\.from)?"`));
  });
});
