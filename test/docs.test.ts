/** The documents agree with the code: each table of the code and its document have the same rows. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readSettings } from '../src/check-settings.ts';
import { ClusterFileSchema } from '../src/clusters/cluster-schema.ts';
import { decodeCluster } from '../src/clusters/decode-cluster.ts';
import { COMMANDS } from '../src/commands/commands.ts';
import type { ConnectionSettings } from '../src/connection-settings.ts';
import { PRAGMAS } from '../src/db/driver/pragmas.ts';
import { LEAN_INDEXES } from '../src/db/schema/lean-indexes.ts';
import { FINDINGS } from '../src/doctor/archive/archive-finding.ts';
import { FAULTS, type FaultKind } from '../src/faults.ts';
import { LOGIN_FAILURES } from '../src/http/auth/external-login-failures.ts';
import { DEFAULT_COLUMNS, KNOWN_COLUMNS } from '../src/jobs/export-columns.ts';
import type { Bounds } from '../src/jobs/field-kinds.ts';
import { ALL_FIELDS, STORED_FIELDS } from '../src/jobs/fields.ts';
import { GROUPS, MOST_GROUPS } from '../src/jobs/groups.ts';
import { BOUNDS } from '../src/jobs/input-bounds.ts';
import { ORDERS, SORT_COLUMNS } from '../src/jobs/list-order.ts';
import { STOP_TIME, UNFILTERED_NUMBERS } from '../src/jobs/number-fields.ts';
import { LIST_SIZES } from '../src/jobs/page-sizes.ts';
import { END_WORDS } from '../src/jobs/slurm-states.ts';
import { MAX_HEADER_BYTES } from '../src/nodejs/broken-requests.ts';
import { HEADERS_LIMIT_MS } from '../src/nodejs/connection-timeouts.ts';
import { sizeFor } from '../src/nodejs/memory-sizing.ts';
import { NAV } from '../src/pages/nav.ts';
import { FIXED } from '../src/restart-only-settings.ts';
import { CONNECTION_SETTINGS, SettingsSchema } from '../src/settings.ts';
import { notApplied } from '../src/settings-by-deployment.ts';
import { testConnection } from './support/connection-settings.ts';
import { blocksOf, DOCUMENTS, ROOT, readDocument as read } from './support/documents.ts';
import { testFolder } from './support/folder.ts';
import { sacctFiles } from './support/sacct-file.ts';
import { type TestApp, testApp } from './support/test-app.ts';

/** The cells of the table under a heading, without backticks and without its header. */
function table(path: string, heading: string): string[][] {
  const [, section] = read(path).split(new RegExp(`^#+ ${heading}$`, 'm'));
  if (section === undefined) throw new Error(`${path} has no heading '${heading}'`);
  const [text = ''] = section.split(/^#+ /m);
  const lines = text.split('\n').filter((line) => line.startsWith('|'));
  return lines.slice(2).map((line) =>
    line
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.trim().replaceAll('`', '')),
  );
}

describe('docs/settings.md', () => {
  const documented = table('docs/settings.md', 'All settings');

  test('has every setting in the order of the code, with its words', () => {
    const settings = Object.entries(SettingsSchema.shape).map(([name, schema]) => [name, schema.description]);
    expect(documented.map(([name, , meaning]) => [name, meaning])).toEqual(settings);
  });

  test('has the defaults, in the form in which one writes them', () => {
    for (const [name = '', fallback = ''] of documented) {
      const schema = SettingsSchema.shape[name as keyof typeof SettingsSchema.shape];
      const unset = schema.safeParse(undefined).data;
      expect(fallback === '—' ? undefined : schema.safeParse(fallback).data, name).toEqual(unset);
    }
  });

  test('has the bounds', () => {
    for (const [name = '', , , bounds = ''] of documented) {
      const schema = SettingsSchema.shape[name as keyof typeof SettingsSchema.shape];
      const [, words = '', from, to] = /^((?:[a-z]+, )*)(\d+) to (\d+)$/.exec(bounds) ?? [];
      if (from !== undefined && to !== undefined) {
        const accepted = ['on', 'off', 'auto'].filter((word) => schema.safeParse(word).success);
        expect(words.split(', ').slice(0, -1).sort(), name).toEqual(accepted.sort());
        const takes = (value: number) => schema.safeParse(String(value)).success;
        const [first, last] = [Number(from), Number(to)];
        expect([takes(first - 1), takes(first), takes(last), takes(last + 1)], name).toEqual([
          false,
          true,
          true,
          false,
        ]);
      } else if (/^[a-z]+(, [a-z]+)+$/.test(bounds)) {
        for (const word of bounds.split(', ')) expect(schema.safeParse(word).success, `${name}=${word}`).toBe(true);
        expect(schema.safeParse('anything else').success, name).toBe(false);
      } else {
        // What is said about values that are not valid.
        const values = ['x', '0', '-1', 'two words', 'http://x/path?query', 'two\nlines', '!', 'session'];
        const refused = values.flatMap((value) => schema.safeParse(value).error?.issues ?? []);
        const messages = new Set(refused.map(({ message }) => message));
        const parts = bounds === '' ? [] : bounds.split('; ');
        expect(messages.size, name).toBe(parts.length);
        for (const [at, message] of [...messages].entries()) expect(message).toContain(parts[at]);
      }
    }
  });
});

test('docs/settings.md says where a setting is ignored', () => {
  const names = Object.keys(SettingsSchema.shape);
  const all = Object.fromEntries(names.map((name) => [name, 'x']));
  const idle = (['file', 'replica', 'server', 'worker'] as const).map((kind) => notApplied(all, kind) as string[]);
  const rows = names
    .filter((name) => idle.some((of) => of.includes(name)))
    .map((name) => [name, ...idle.map((of) => (of.includes(name) ? '—' : 'acts'))]);
  expect(table('docs/settings.md', 'Settings ignored per deployment')).toEqual(rows);
  expect(notApplied({ PORT: undefined }, 'worker')).toEqual([]);
});

test('docs/settings.md says which settings need a restart', () => {
  expect(table('docs/settings.md', 'Changing settings without a restart').map(([name]) => name)).toEqual(FIXED);
});

test('docs/operations.md has every finding of a check of the archive', () => {
  const rows = table('docs/operations.md', 'Check and repair the archive').map(([kind]) => kind);
  expect([...new Set(rows)]).toEqual(Object.keys(FINDINGS));
});

describe('cluster.json in docs/operations.md', () => {
  const text = /cluster\.json <<END\n(.*?)^END$/ms.exec(read('docs/operations.md'))?.[1] ?? '';
  const rows = table('docs/operations.md', 'cluster.json').map(([member = '', required]) => ({ member, required }));

  test('is accepted by the program', () => {
    const { name, subClusters } = decodeCluster(text);
    expect([name, subClusters.map(({ name }) => name)]).toEqual(['birch', ['main']]);
  });

  test('is described with every member in the order of the code', () => {
    const { name, metricConfig, subClusters } = ClusterFileSchema.keyof().enum;
    const members = (list: typeof metricConfig | typeof subClusters) => [
      list,
      ...Object.keys(ClusterFileSchema.shape[list].element.shape).map((member) => `${list}[].${member}`),
    ];
    expect(rows.map(({ member }) => member)).toEqual([name, ...members(metricConfig), ...members(subClusters)]);
  });

  test('is described with what is required', () => {
    for (const { member, required } of rows) {
      const file = JSON.parse(text) as Record<string, Record<string, unknown>[]>;
      const [list = '', part] = member.split('[].');
      delete (part === undefined ? file : file[list]?.[0])?.[part ?? list];
      expect(ClusterFileSchema.safeParse(file).success, member).toBe(required === 'no');
    }
  });
});

test('docs/operations.md says which columns of sacct are required', async () => {
  const groups = table('docs/operations.md', 'From sacct')
    .filter(([, required]) => required?.startsWith('yes'))
    .map(([columns = '']) => columns.split(/, | or /));
  const file = join(testFolder(), 'jobs.psv');
  const isAccepted = async (columns: string[]) => {
    await writeFile(file, `${columns.join('|')}\n`);
    return await sacctFiles([file]).then(
      () => true,
      () => false,
    );
  };
  const first = groups.map(([column = '']) => column);
  expect(first.length).toBeGreaterThan(5);
  for (const [at, group] of groups.entries()) {
    for (const column of group) expect(await isAccepted(first.with(at, column)), column).toBe(true);
    expect(await isAccepted(first.toSpliced(at, 1)), `without ${group}`).toBe(false);
  }
});

test('docs/pages.md has every page of the menu', () => {
  const [rows] = [read('docs/pages.md').matchAll(/^\| `(\/[^`]*)`/gm)];
  expect([...rows].map(([, path]) => path)).toEqual(expect.arrayContaining(NAV.map(({ path }) => path)));
});

test('docs/errors.md has every fault in the order of the code, with its status and Retry-After', () => {
  const faults = Object.entries<FaultKind>(FAULTS).map(([code, { status, retryAfterSec }]) => [
    code,
    String(status),
    retryAfterSec === undefined ? '—' : `${retryAfterSec} s`,
  ]);
  expect(table('docs/errors.md', 'All codes').map((row) => row.slice(0, 3))).toEqual(faults);
});

test('docs/single-sign-on.md has every failure in the order of the code, with its status and its sentence', () => {
  const failures = Object.entries(LOGIN_FAILURES).map(([kind, { code, page }]) => [
    kind,
    String(FAULTS[code].status),
    page,
  ]);
  expect(table('docs/single-sign-on.md', 'When a login fails').map((row) => row.slice(0, 3))).toEqual(failures);
});

describe('docs/internals.md', () => {
  test('has every pragma in the order of the code, with its roles', () => {
    const pragmas = PRAGMAS.map(({ name, roles }) => [name, roles.length === 2 ? 'both' : String(roles)]);
    expect(table('docs/internals.md', 'Pragmas').map(([name, , roles]) => [name, roles])).toEqual(pragmas);
  });

  test('has the values of the pragmas that no setting changes', () => {
    for (const [name, value = ''] of table('docs/internals.md', 'Pragmas')) {
      if (!/^[\w-]+$/.test(value)) continue; // states which setting it follows
      const pragma = PRAGMAS.find((known) => known.name === name);
      expect(String(pragma?.value(testConnection(), 'writer')), name).toBe(value);
    }
  });

  test('has each setting of a connection at the pragma that follows it', () => {
    const followed = PRAGMAS.flatMap(({ name, roles, value }) => {
      const read = new Set<string>();
      const get = (of: ConnectionSettings, key: string): unknown => {
        read.add(key);
        return Reflect.get(of, key);
      };
      for (const role of roles) value(new Proxy(testConnection(), { get }), role);
      return [...read].map((setting) => [name, `from ${setting}`]);
    });
    const documented = table('docs/internals.md', 'Pragmas').map(([name, value = '']) => [name, value]);
    expect(documented.filter(([, value = '']) => value.startsWith('from '))).toEqual(followed);
    expect(new Set(followed.map(([, setting]) => setting))).toEqual(
      new Set(CONNECTION_SETTINGS.map((name) => `from ${name}`)),
    );
  });

  test('has every lean index with its columns', () => {
    const documented = table('docs/internals.md', 'Indexes').map(([name, columns]) => [name, columns]);
    expect(documented).toEqual(Object.entries(LEAN_INDEXES));
  });
});

test('docs/api.md has every group in the order of the code', () => {
  expect(table('docs/api.md', 'Groups').map(([name]) => name)).toEqual(GROUPS);
  expect(read('docs/api.md')).toContain(`at most ${MOST_GROUPS.toLocaleString('en-US')} groups`);
});

test('docs/pages.md has the orders and the sizes of the list of jobs', () => {
  const text = read('docs/pages.md');
  const [, columns = '', orders = ''] = /`sort-by` \(([^)]*)\) and `order` \(([^)]*)\)/.exec(text) ?? [];
  const named = (list: string) => [...list.matchAll(/`([^`]+)`/g)].map(([, name]) => name);
  expect([named(columns), named(orders)]).toEqual([SORT_COLUMNS, ORDERS]);
  expect(text).toContain(`pages of ${LIST_SIZES.join(', ').replace(/, (\d+)$/, ' or $1')} jobs`);
});

test('docs/scaling.md has what auto picks', () => {
  const settings = readSettings({ AUTH: 'none' });
  const rows = table('docs/scaling.md', 'What auto picks');
  expect(rows.map(([machine]) => machine)).toEqual(['4 GB', '16 GB', '64 GB', '512 GB']);
  for (const [machine = '', ...values] of rows) {
    const memoryMb = Number(machine.split(' ')[0]) * 1024;
    const { limitMb, parentMb, archiveMb, columnsMb, parquetMb, connection } = sizeFor(settings, {
      memoryMb,
      source: 'test',
    });
    const { cacheMb, softHeapMb, hardHeapMb } = connection;
    expect(values.map(Number), machine).toEqual([
      ...[limitMb, parentMb, archiveMb, columnsMb, parquetMb],
      ...[cacheMb, softHeapMb, hardHeapMb],
    ]);
  }
});

describe('commands', () => {
  const docs = ['README.md', 'docs/install.md', 'docs/from-cc-backend.md', 'docs/operations.md'].map(read).join('\n');
  const names = COMMANDS.map(({ name }) => name);

  test.each(names)('%s is in README.md or a page for operators', (name) => {
    expect(docs).toMatch(new RegExp(`cc-jobs ${name}\\b`));
  });

  test('that the documents name exist', () => {
    const named = [...docs.matchAll(/^bin\/cc-jobs ([a-z][a-z-]*)|`(?:bin\/)?cc-jobs ([a-z][a-z-]*)/gm)].map(
      ([, a, b]) => a ?? b,
    );
    expect(named.filter((name) => name === undefined || !names.includes(name))).toEqual([]);
    expect(names).toHaveLength(new Set(named).size);
  });

  test('in the blocks of the documents make tokens that expire', () => {
    const blocks = DOCUMENTS.flatMap((page) => blocksOf(read(page)).map(({ text }) => text));
    const tokens = blocks.flatMap((text) => text.match(/cc-jobs token .*/g) ?? []);
    expect(tokens.length).toBeGreaterThan(3);
    expect(tokens.filter((command) => !command.includes('--days '))).toEqual([]);
  });

  // test/docs-commands.test.ts runs the commands in blocks.
  describe('in the prose of the documents', () => {
    const prose = DOCUMENTS.map(read).join('\n');
    const found = (pattern: RegExp) => [...new Set([...prose.matchAll(pattern)].map(([, name = '']) => name))];

    test('run scripts that exist', () => {
      const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
      expect(Object.keys(scripts)).toEqual(expect.arrayContaining(found(/`npm run ([\w:]+)/g)));
    });

    test('run benchmarks that exist', () => {
      const benches = readdirSync(join(ROOT, 'bench'));
      expect([...benches, 'NAME.ts']).toEqual(
        expect.arrayContaining(found(/`npm run bench -- (\w+)/g).map((name) => `${name}.ts`)),
      );
    });

    test('name files that exist', () => {
      const paths = found(/`((?:src|routes|test|bench|bin|docs|migrations)\/[\w./-]*)`/g);
      expect(paths.length).toBeGreaterThan(30);
      const isExample = (path: string) => /\/x(\/|(-page)?\.ts$)/.test(path);
      expect(paths.filter((path) => !isExample(path) && !existsSync(join(ROOT, path)))).toEqual([]);
    });

    test('have options that exist', () => {
      for (const command of found(/`(?:bin\/)?cc-jobs ([a-z]+ [^`]*--[^`]*)`/g)) {
        const [name, ...words] = command.split(' ');
        const options = words.filter((word) => word.startsWith('--'));
        for (const option of options) expect(read(`src/commands/${name}.ts`), command).toContain(option);
      }
    });
  });
});

describe('docs/api.md', () => {
  let app: TestApp;
  beforeAll(async () => {
    app = await testApp();
  });
  afterAll(() => app.close());

  interface Document {
    paths: Record<string, Record<string, { parameters?: { name: string; in: string; description?: string }[] }>>;
  }
  const document = async () => (await (await app.app.request('/openapi.json')).json()) as Document;

  test('has a heading for every route of /openapi.json, and no other', async () => {
    const { paths } = await document();
    const routes = Object.entries(paths)
      .filter(([path]) => !path.startsWith('/userapi/'))
      .flatMap(([path, methods]) => Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`));
    const headings = [...read('docs/api.md').matchAll(/^### `([A-Z]+ \/\S+)`/gm)].map(([, route]) => route);
    expect(headings.sort()).toEqual(routes.sort());
  });

  test('says which of them are there under /userapi', async () => {
    const { paths } = await document();
    const twins = Object.keys(paths).filter((path) => path.startsWith('/userapi/'));
    const [, line = ''] = /^Under `\/userapi` there are(.*?)\.$/ms.exec(read('docs/api.md')) ?? [];
    const named = [...line.matchAll(/`([^`]+)`/g)].map(([, path]) => `/userapi/${path}`);
    expect(named.sort()).toEqual(twins.sort());
  });

  test('has every bound of what is stored', () => {
    const bounds = Object.values(BOUNDS).map(({ of, most, unit }) => [of, `${most} ${unit}`]);
    expect(table('docs/api.md', 'Bounds')).toEqual(bounds);
  });

  test('has the bounds of every field of a job', () => {
    const bounds = [...STORED_FIELDS, ...UNFILTERED_NUMBERS, STOP_TIME].flatMap((field) => {
      if (!('property' in field)) return [];
      if (field.kind === 'text') return [[field.property, 'no control characters']];
      if (field.kind === 'time') return [[field.property, `0 to now + ${field.aheadSec} s`]];
      if (!('bounds' in field)) return [];
      const { least, most, orZero }: Bounds = field.bounds;
      return [[field.property, `${least} to ${most}${orZero ? ', 0 if it is not known' : ''}`]];
    });
    expect(table('docs/api.md', 'Bounds of a job')).toEqual(bounds);
  });

  test('has the words for the end of a job', () => {
    expect(Object.fromEntries(table('docs/api.md', 'Words for an end'))).toEqual(END_WORDS);
  });

  test('has every parameter of the filter', async () => {
    const { paths } = await document();
    const parameters = paths['/api/jobs/count']?.['get']?.parameters?.map(({ name }) => name) ?? [];
    const documented = table('docs/api.md', 'Filter').flatMap(([names = '']) => names.split(', '));
    expect(documented.sort()).toEqual([...parameters, 'metric.NAME'].sort());
  });

  test('has a row for every field of the filter in the order of the code, with its words', async () => {
    const { paths } = await document();
    const parameters = paths['/api/jobs/count']?.['get']?.parameters ?? [];
    const described = ALL_FIELDS.map(({ name, api }) => [
      name,
      parameters.find((parameter) => parameter.name === name)?.description ?? expect.stringContaining(api.words),
      `${name}=${api.example}`,
    ]);
    expect(table('docs/api.md', 'Filter').filter(([name]) => ALL_FIELDS.some((field) => field.name === name))).toEqual(
      described,
    );
  });
});

test('docs/exports.md has every column in the order of the code, and those of an export by default', () => {
  const rows = table('docs/exports.md', 'Columns').map(([column, , byDefault]) => [column, byDefault]);
  const columns = KNOWN_COLUMNS.map((column) => [column, DEFAULT_COLUMNS.includes(column) ? 'yes' : 'no']);
  expect(rows).toEqual([...columns, ['metric.NAME', 'no']]);
});

test.each(['cc-jobs.service', 'cc-jobs.socket'])('docs/install.md and the packages have the same %s', (unit) => {
  const block = blocksOf(read('docs/install.md')).find(({ file }) => file?.endsWith(`/system/${unit}`));
  expect(block?.text.trim()).toBe(read(`packaging/system/${unit}`).trim());
});

test('README.md names the version, and links to every page', () => {
  const readme = read('README.md');
  const { version } = JSON.parse(read('package.json')) as { version: string };
  expect(readme).toContain(`Version ${version} `);
  // The history of the benchmarks belongs to their page.
  const pages = DOCUMENTS.filter((page) => page.startsWith('docs/') && page !== 'docs/benchmark-history.md');
  expect(pages.filter((page) => !readme.includes(`- [${page}](${page})`))).toEqual([]);
});

test('README.md has every directory of the sources', () => {
  const [, tree = ''] = /^## Source tree\n+```\n(.*?)^```/ms.exec(read('README.md')) ?? [];
  const named = new Set([...tree.matchAll(/(?<![\w/])([a-z-]+)\//g)].map(([, name]) => name));
  const here = ['src', '.']
    .flatMap((at) => readdirSync(join(ROOT, at), { withFileTypes: true }))
    .filter((entry) => entry.isDirectory() && !/^\.|^(node_modules|var|coverage)$/.test(entry.name));
  expect([...named].sort()).toEqual([...new Set(here.map(({ name }) => name))].sort());
});

test.each(DOCUMENTS)('the links of %s lead to files and headings', (path) => {
  const links = [...read(path).matchAll(/\]\((?!https?:)([^)#]*)(?:#([^)]+))?\)/g)];
  for (const [link, file = '', anchor] of links) {
    const text = file === '' ? read(path) : readFileSync(join(ROOT, path, '..', file), 'utf8');
    if (anchor !== undefined) expect(anchorsOf(text), link).toContain(anchor);
  }
});

/** The anchors that GitHub creates for the headings of a page. */
function anchorsOf(markdown: string): string[] {
  const headings = [...markdown.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => heading);
  return headings.map((heading) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

test('docs/security.md has the time and the size of headers', () => {
  const [row] = table('docs/security.md', 'Limits').filter(([what]) => what === 'request line and headers');
  expect(row?.[1]).toBe(`${MAX_HEADER_BYTES / 1024} KiB; ${HEADERS_LIMIT_MS / 1000} s to arrive`);
});
