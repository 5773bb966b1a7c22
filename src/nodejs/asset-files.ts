import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ASSET_NAMES, type AssetName, type AssetTexts } from '../http/assets.ts';

/** Files in src/pages or in a package. */
const FILES: Readonly<Record<AssetName, string>> = {
  'style.css': './style.css',
  'page.js': './page.js',
  'jobs.js': './jobs/script.js',
  'plotting.js': './plotting.js',
  'plots.js': './job/script.js',
  'histograms.js': './statistics/script.js',
  'percentiles.js': './statistics/percentiles.js',
  'system.js': './system/script.js',
  'timeline.js': './timeline/script.js',
  'unusual.js': './unusual/script.js',
  'uplot.js': 'uplot/dist/uPlot.iife.min.js',
  'uplot.css': 'uplot/dist/uPlot.min.css',
  'icon.svg': './icon.svg',
};

/** Reads the files that the pages load. */
export function readAssets(): AssetTexts {
  return Object.fromEntries(ASSET_NAMES.map((name) => [name, readFileSync(pathOf(name), 'utf8')])) as AssetTexts;
}

function pathOf(name: AssetName): string {
  const file = FILES[name];
  return file.startsWith('.') ? join(import.meta.dirname, '../pages', file) : fileURLToPath(import.meta.resolve(file));
}
