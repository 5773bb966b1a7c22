/** The files of src and routes with their imports, including type imports. They are read from the text of the files. */
import { globSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';

const ROOT = join(import.meta.dirname, '../..');

export interface SourceFile {
  /** Relative to the root of the repository. */
  readonly path: string;
  readonly lines: number;
  /** Imported files of the repository. */
  readonly files: readonly string[];
  /** Imported packages and Node modules. */
  readonly packages: readonly string[];
}

export function sourceFiles(): SourceFile[] {
  return globSync(['src/**/*.ts', 'routes/**/*.ts'], { cwd: ROOT })
    .filter((path) => !path.endsWith('.d.ts'))
    .toSorted()
    .map((path) => {
      const text = readFileSync(join(ROOT, path), 'utf8');
      const names = [...text.matchAll(/(?:\bfrom|\bimport\(|^import)\s*'([^']+)'/gm)].map(([, name = '']) => name);
      const isOurs = (name: string) => name.startsWith('.');
      return {
        path,
        lines: text.split('\n').length - 1,
        files: names.filter(isOurs).map((name) => relative(ROOT, resolve(ROOT, dirname(path), name))),
        packages: names.filter((name) => !isOurs(name)),
      };
    });
}

/** Groups of files that import each other, directly or indirectly. */
export function circles(files: readonly SourceFile[]): string[][] {
  const importsOf = new Map(files.map(({ path, files: imported }) => [path, imported]));
  const index = new Map<string, number>();
  const low = new Map<string, number>();
  const stack: string[] = [];
  const found: string[][] = [];
  const visit = (path: string): number => {
    const own = index.size;
    index.set(path, own);
    stack.push(path);
    let lowest = own;
    for (const next of importsOf.get(path) ?? []) {
      if (!importsOf.has(next)) continue;
      if (!index.has(next)) lowest = Math.min(lowest, visit(next));
      else if (stack.includes(next)) lowest = Math.min(lowest, index.get(next) ?? own);
    }
    low.set(path, lowest);
    if (lowest === own) {
      const group = stack.splice(stack.indexOf(path));
      if (group.length > 1) found.push(group.toSorted());
    }
    return lowest;
  };
  for (const { path } of files) if (!index.has(path)) visit(path);
  return found;
}
