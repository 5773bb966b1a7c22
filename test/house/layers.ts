/** The direction of imports: down this list, or within one entry. */
import type { SourceFile } from './imports.ts';

/** From top to bottom. A file belongs to the entry with the longest matching prefix. */
export const LAYERS: readonly (readonly string[])[] = [
  ['src/cli.ts', 'src/worker.ts', 'src/worker/'],
  ['src/commands/'],
  ['src/doctor/', 'src/update/'],
  ['src/nodejs.ts', 'src/nodejs/'],
  ['src/dev/'],
  ['src/app.ts'],
  ['routes/'],
  ['src/pages/', 'src/graphql/'],
  ['src/http/'],
  ['src/import/', 'src/backup/', 'src/timed/'],
  ['src/column-index/', 'src/parquet/'],
  ['src/questions/'],
  ['src/archive/', 'src/connections/', 'src/cc-frontend/'],
  ['src/db/'],
  ['src/processes/'],
  ['src/jobs/'],
  ['src/clusters/'],
  ['src/'], // settings, faults, deadline, fair-queue, log
  ['package.json'], // its version
];

export function layerOf(path: string): number {
  let best = { length: -1, layer: -1 };
  for (const [layer, prefixes] of LAYERS.entries()) {
    for (const prefix of prefixes) {
      if (path.startsWith(prefix) && prefix.length > best.length) best = { length: prefix.length, layer };
    }
  }
  return best.layer;
}

/** Imports that point up, as `from -> to`. */
export function upward(files: readonly SourceFile[]): string[] {
  return files.flatMap(({ path, files: imported }) =>
    imported.filter((target) => layerOf(target) < layerOf(path)).map((target) => `${path} -> ${target}`),
  );
}

/** Which files may import a package. */
export const PACKAGES: readonly { readonly names: RegExp; readonly files: RegExp; readonly why: string }[] = [
  {
    names: /^(libsql|@libsql\/)/,
    files: /^src\/(db|questions|dev\/servers)\//,
    why: 'only src/db opens a database',
  },
  {
    names: /^kysely$/,
    files: /^src\/(db|questions|column-index)\//,
    why: 'only src/db, src/questions and src/column-index write SQL',
  },
  {
    names: /^openid-client$/,
    files: /^src\/http\/auth\/oidc\//,
    why: 'only what is loaded with OIDC_PROVIDER knows OpenID Connect',
  },
  { names: /^ldapts$/, files: /^src\/nodejs\/ldap-/, why: 'only what is loaded with LDAP_URL speaks LDAP' },
  { names: /^graphql$/, files: /^src\/graphql\//, why: 'only src/graphql knows GraphQL' },
  { names: /^@duckdb\//, files: /^src\/(column-index|parquet)\//, why: 'only programs of their own run DuckDB' },
  {
    names: /^node:(child_process|cluster|worker_threads)$/,
    files: /^src\/(processes|nodejs|doctor|update|dev\/servers)\/|^src\/commands\/(demo-jobs|update)\.ts$/,
    why: 'only src/processes starts processes',
  },
  {
    names: /^(hono|@hono\/)/,
    files: /^(routes\/|src\/(http|pages|graphql|nodejs|worker)\/|src\/(app|nodejs|worker)\.ts$)/,
    why: 'only what answers requests knows HTTP',
  },
  {
    names: /^node:/,
    files: /^src\/(?!(jobs|clusters|http|pages|graphql|questions)\/|app\.ts$)/,
    why: 'the domain, questions, routes and pages run in every runtime',
  },
];

/** Each as `file imports package: why not`. */
export function wrongPackages(files: readonly SourceFile[]): string[] {
  return files.flatMap(({ path, packages }) =>
    packages.flatMap((name) =>
      PACKAGES.filter((rule) => rule.names.test(name) && !rule.files.test(path)).map(
        ({ why }) => `${path} imports ${name}: ${why}`,
      ),
    ),
  );
}
