import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { FILE_TYPES, type FrontendFiles } from '../../src/cc-frontend/files.ts';

/** The constants of every page. */
const COMMON = ['hUsername', 'hAuthlevel', 'hClusterNames', 'hSubclusterMap', 'hRoles'];
const SETTINGS = ['clusterCockpitConfig'];
const RIGHTS = ['authlevel', 'roles', 'resampleConfig'];

/** The constants that each script of cc-backend 1.5.4 reads (contract/frontend.md §1.2). */
const GLOBALS: Readonly<Record<string, readonly string[]>> = {
  config: [
    ...['isAdmin', 'isSupport', 'isApi', 'username', 'filterPresets', 'resampleConfig', 'ncontent'],
    ...SETTINGS,
  ],
  jobs: ['filterPresets', ...SETTINGS, ...RIGHTS],
  job: ['jobInfos', 'username', 'emission', ...SETTINGS, ...RIGHTS],
  list: ['listType', 'filterPresets', ...SETTINGS],
  taglist: ['username', 'isAdmin', 'tagmap', ...SETTINGS],
  user: ['userInfos', 'filterPresets', 'resampleConfig', ...SETTINGS],
  systems: ['displayType', 'infos', 'resampleConfig', ...SETTINGS],
  node: ['infos', ...SETTINGS],
  analysis: ['cluster', 'filterPresets', ...SETTINGS],
  status: ['displayType', 'infos', ...SETTINGS],
  dashpublic: ['presetCluster', ...SETTINGS],
  logs: ['isAdmin'],
  header: [],
};

/** A script that writes the constants of its page into the page, as JSON. A missing one is an error of the page. */
function scriptOf(entry: string): string {
  const names = [...COMMON, ...(GLOBALS[entry] ?? [])];
  return `document.body.dataset.globals = JSON.stringify({ ${names.join(', ')} });
document.getElementById('svelte-header')?.append('menu');
document.getElementById('svelte-app')?.append('page ${entry}');
`;
}

/** The files of a small front end of our own, by path. */
function textsOf(): [path: string, text: string][] {
  return [...FILE_TYPES.keys()].map((path) => {
    const [, entry] = /^build\/(\w+)\.js$/.exec(path) ?? [];
    return [path, entry === undefined ? `/* ${path} */` : scriptOf(entry)];
  });
}

/** Writes a built front end to a folder. */
export function writeFrontend(folder: string): void {
  for (const [path, text] of textsOf()) {
    mkdirSync(join(folder, dirname(path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
}

/** The same front end in memory. */
export function smallFrontend(): FrontendFiles {
  return new Map(
    textsOf().map(([path, text]) => [
      path,
      { bytes: new TextEncoder().encode(text), type: FILE_TYPES.get(path) ?? '', tag: `W/"${path}"` },
    ]),
  );
}

/** Every page: its address, and the script that fills it. */
export const PAGES: readonly (readonly [address: string, entry: string])[] = [
  ['/config', 'config'],
  ['/monitoring/jobs/', 'jobs'],
  ['/monitoring/job/1', 'job'],
  ['/monitoring/users/', 'list'],
  ['/monitoring/projects/', 'list'],
  ['/monitoring/tags/', 'taglist'],
  ['/monitoring/user/ada', 'user'],
  ['/monitoring/systems/small', 'systems'],
  ['/monitoring/systems/list/small', 'systems'],
  ['/monitoring/systems/list/small/main', 'systems'],
  ['/monitoring/node/small/n01', 'node'],
  ['/monitoring/analysis/small', 'analysis'],
  ['/monitoring/status/small', 'status'],
  ['/monitoring/status/detail/small', 'status'],
  ['/monitoring/dashboard/small', 'dashpublic'],
  ['/monitoring/logs', 'logs'],
];
