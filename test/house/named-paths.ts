/** The files and folders that comments and documents name. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '../..');
const COMMENT = /\/\*[\s\S]*?\*\/|(?<=^|\s)\/\/ .*/g;
const CODE = /`[^`\n]+`/g;

/** `src/pages/x/` in CONTRIBUTING.md is any page, and `routes/x.ts` any route. */
const PLACEHOLDER = /(^|\/)x(-page)?(\/|\.|$)/;

/** All paths of the repository that may be named. Comments may leave out their first folders. */
const paths = globSync(['{src,routes,test}/**', '{bench,bench/support,packaging}/*.ts', '*.ts'], { cwd: ROOT });

/** Comments name routes of the API such as `jobs/count`, so `jobs/` only begins the name of a file. */
const folders = globSync('src/*/', { cwd: ROOT }).map((path) => path.replace(/^src\/|\/$/g, ''));
const begins = ['src', 'routes', 'test', ...folders.filter((name) => name !== 'jobs')].join('|');
const PATH = new RegExp(
  String.raw`(?<![\w./<>@:$*-])(?:(?:[a-z0-9.-]+\/)*[a-z0-9][a-z0-9.-]*\.(?:ts|js|css)\b|(?:${begins})\/[a-z0-9/.-]*)`,
  'g',
);

/** The paths that the comments of a text name and that do not exist. Without a suffix they may begin a name. */
export function missingInComments(text: string): string[] {
  return missingPaths(text, COMMENT);
}

/** The missing paths of all files, as `file: path`. */
export function missingNamedPaths(): string[] {
  const code = paths.filter((path) => /\.(ts|js)$/.test(path));
  const missing = (path: string, parts: RegExp) =>
    missingPaths(readFileSync(join(ROOT, path), 'utf8'), parts).map((name) => `${path}: ${name}`);
  const documents = globSync(['CONTRIBUTING.md', 'README.md', 'docs/*.md'], { cwd: ROOT });
  return [...code.flatMap((path) => missing(path, COMMENT)), ...documents.flatMap((path) => missing(path, CODE))];
}

function missingPaths(text: string, parts: RegExp): string[] {
  const named = [...text.matchAll(parts)].flatMap(([part]) => [...part.matchAll(PATH)].map(([path]) => path));
  return named
    .map((path) => path.replace(/\.$/, ''))
    .filter((path) => !PLACEHOLDER.test(path) && !paths.some((known) => `/${known}`.includes(`/${path}`)));
}
