import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ASSET_NAMES, type AssetName, type AssetTexts } from '../http/assets.ts';

/** Files of a package; the others are ours. */
const OF_PACKAGES: Partial<Record<AssetName, string>> = {
  'uplot.js': 'uplot/dist/uPlot.iife.min.js',
  'uplot.css': 'uplot/dist/uPlot.min.css',
};

/** What the pages load, from the disk. */
export function readAssets(): AssetTexts {
  return Object.fromEntries(ASSET_NAMES.map((name) => [name, readFileSync(pathOf(name), 'utf8')])) as AssetTexts;
}

function pathOf(name: AssetName): string {
  const file = OF_PACKAGES[name];
  return file === undefined ? join(import.meta.dirname, '../browser', name) : fileURLToPath(import.meta.resolve(file));
}
