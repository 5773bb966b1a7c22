import { execFileSync } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';

/** The folder of the source code. */
export const ROOT = join(import.meta.dirname, '..');

/** What of the source code the bundle has. Everything else is for developers. */
const PARTS = ['bin', 'src', 'routes', 'migrations', 'docs', 'README.md', 'CHANGELOG.md', 'LICENSE', 'package.json'];
/** Of the package of Node only these, because its headers have 70 MB. */
const PARTS_OF_NODE = ['bin/node', 'LICENSE', 'package.json'];
const NODE = /^node_modules\/node-linux-/;
/** Packages of the other C library. A bundle is for glibc. */
const MUSL = /-musl$/;

/** What a bundle contains. `bundle.json` in it has the same. */
export interface Bundle {
  version: string;
  /** The commit of the source code. */
  commit: string;
  /** Such as `linux-x64`. */
  platform: string;
  /** The version of the Node in it. */
  node: string;
}

/** An npm package of the bundle. */
export interface Package {
  /** Its folder in the tree, such as `node_modules/hono`. */
  folder: string;
  name: string;
  version: string;
}

interface Lockfile {
  packages: Record<string, { name?: string; version: string; dev?: true; os?: string[]; cpu?: string[] }>;
}

/** The newest commit of the source code. Throws if a part of the bundle has uncommitted changes that it may not have. */
export function source({ mayHaveChanges }: { mayHaveChanges: boolean }): { commit: string; madeAtSec: number } {
  const changed = git('status', '--porcelain', '--', ...PARTS, 'package-lock.json');
  if (changed !== '' && !mayHaveChanges) throw new Error(`commit these changes first:\n${changed}`);
  const [commit = '', seconds = ''] = git('log', '-1', '--format=%H %ct').trim().split(' ');
  return { commit, madeAtSec: Number(seconds) };
}

function git(...args: string[]): string {
  return execFileSync('git', args, { cwd: ROOT, encoding: 'utf8', maxBuffer: 2 ** 26 });
}

/**
 * Everything in a bundle but its `bundle.json`: the committed source code, the installed production packages and Node.
 * No network is used: the packages are those of `npm ci`.
 */
export async function contents(commit: string): Promise<{ bundle: Bundle; packages: Package[]; files: string[] }> {
  const sources = git('ls-files', '-z', '--', ...PARTS)
    .split('\0')
    .filter((file) => file !== '');
  const packages = await productionPackages();
  const { version } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8'));
  const node = packages.find(({ folder }) => NODE.test(folder));
  if (node === undefined) throw new Error('there is no package of Node for this platform: run npm ci');
  return {
    bundle: { version, commit, platform: node.name.replace('node-', ''), node: node.version },
    packages,
    files: [...sources, ...(await Promise.all(packages.map(({ folder }) => filesOf(folder)))).flat()].sort(),
  };
}

/** The files of a package. A package within its folder is a package of its own here. */
async function filesOf(folder: string): Promise<string[]> {
  const files = await readdir(join(ROOT, folder), { recursive: true, withFileTypes: true });
  return files
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => relative(ROOT, join(parentPath, name)))
    .filter((path) => !path.slice(folder.length).includes('/node_modules/'))
    .filter((path) => !NODE.test(folder) || PARTS_OF_NODE.some((part) => path.startsWith(join(folder, part))));
}

/** The packages that the service needs and this platform has, in the order of their folders. */
async function productionPackages(): Promise<Package[]> {
  const { packages }: Lockfile = JSON.parse(await readFile(join(ROOT, 'package-lock.json'), 'utf8'));
  return Object.entries(packages)
    .filter(
      ([folder, { dev, os, cpu }]) =>
        folder !== '' &&
        dev !== true &&
        isOurs(os, process.platform) &&
        isOurs(cpu, process.arch) &&
        !MUSL.test(folder),
    )
    .map(([folder, { name, version }]) => ({
      folder,
      name: name ?? folder.slice(folder.lastIndexOf('node_modules/') + 13),
      version,
    }));
}

function isOurs(those: readonly string[] | string | undefined, ours: string): boolean {
  return those === undefined || those.includes(ours);
}
