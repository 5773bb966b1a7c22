/** The structure of the code (CONTRIBUTING.md). `npm run house` prints the figures. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { circles, type SourceFile, sourceFiles } from './house/imports.ts';
import { layerOf, upward, wrongPackages } from './house/layers.ts';
import { missingInComments, missingNamedPaths } from './house/named-paths.ts';
import { LONGEST, repeatedNames } from './house/sizes.ts';

const files = sourceFiles();

test('the files are found, with their imports', () => {
  expect(files.length).toBeGreaterThan(300);
  const app = files.find(({ path }) => path === 'src/app.ts');
  expect(app?.files).toContain('routes/jobs.ts');
  expect(app?.packages).toContain('hono/request-id');
});

test('imports point down the layers', () => {
  expect(upward(files)).toEqual([]);
});

test('no files import each other in a circle, types included', () => {
  expect(circles(files)).toEqual([]);
});

test('packages are imported where they belong', () => {
  expect(wrongPackages(files)).toEqual([]);
});

test('a file name tells which file it is, and no file is long', () => {
  expect(repeatedNames(files)).toEqual([]);
  const long = files.filter(({ lines }) => lines > LONGEST);
  expect(long.map(({ path }) => path)).toEqual([]);
});

test('no code copies all variables of a request to read one', () => {
  const copying = files.filter(({ path }) => /\.var[.;]/.test(readFileSync(path, 'utf8')));
  expect(copying.map(({ path }) => path)).toEqual([]);
});

test('the files that comments and documents name exist', () => {
  expect(missingNamedPaths()).toEqual([]);
});

test('what is wrong is found', () => {
  expect(missingInComments('/** See jobs/fields.ts, jobs/count, */\n// questions/gone/ and src/jobs/gone.ts.')).toEqual(
    ['questions/gone/', 'src/jobs/gone.ts'],
  );
  const file = (path: string, imported: string[], packages: string[] = []): SourceFile => ({
    path,
    lines: 1,
    files: imported,
    packages,
  });
  expect(layerOf('src/db/x.ts')).toBeGreaterThan(layerOf('src/questions/x.ts'));
  expect(upward([file('src/db/x.ts', ['src/questions/y.ts', 'src/faults.ts'])])).toEqual([
    'src/db/x.ts -> src/questions/y.ts',
  ]);
  const three = [file('a', ['b']), file('b', ['c']), file('c', ['a', 'd']), file('d', [])];
  expect(circles(three)).toEqual([['a', 'b', 'c']]);
  expect(wrongPackages([file('routes/x.ts', [], ['kysely', 'hono', 'node:fs'])])).toHaveLength(2);
});
