/** What the pages load, as the rule of wrangler.toml puts it into the Worker's bundle. */

import uplotJs from 'uplot/dist/uPlot.iife.min.js';
import uplotCss from 'uplot/dist/uPlot.min.css';
import histogramsJs from './browser/histograms.js';
import iconSvg from './browser/icon.svg';
import jobsJs from './browser/jobs.js';
import pageJs from './browser/page.js';
import plotsJs from './browser/plots.js';
import plottingJs from './browser/plotting.js';
import styleCss from './browser/style.css';
import systemJs from './browser/system.js';
import type { AssetTexts } from './http/assets.ts';

export const bundledAssets: AssetTexts = {
  'style.css': styleCss,
  'page.js': pageJs,
  'jobs.js': jobsJs,
  'plotting.js': plottingJs,
  'plots.js': plotsJs,
  'histograms.js': histogramsJs,
  'system.js': systemJs,
  'uplot.js': uplotJs,
  'uplot.css': uplotCss,
  'icon.svg': iconSvg,
};
