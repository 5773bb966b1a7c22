import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { AssetTexts } from '../http/assets.ts';

const own = (name: string) => readFileSync(join(import.meta.dirname, '../browser', name), 'utf8');

const uplot = (name: string) => readFileSync(fileURLToPath(import.meta.resolve(`uplot/dist/${name}`)), 'utf8');

/** What the pages load, from the disk. */
export function readAssets(): AssetTexts {
  return {
    'style.css': own('style.css'),
    'page.js': own('page.js'),
    'jobs.js': own('jobs.js'),
    'plotting.js': own('plotting.js'),
    'plots.js': own('plots.js'),
    'histograms.js': own('histograms.js'),
    'system.js': own('system.js'),
    'uplot.js': uplot('uPlot.iife.min.js'),
    'uplot.css': uplot('uPlot.min.css'),
    'icon.svg': own('icon.svg'),
  };
}
