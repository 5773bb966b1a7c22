/** The assets of the pages. The rules of wrangler.toml include them in the Worker's bundle. */

import uplotJs from 'uplot/dist/uPlot.iife.min.js';
import uplotCss from 'uplot/dist/uPlot.min.css';
import type { AssetTexts } from '../http/assets.ts';
import iconSvg from '../pages/icon.svg';
import plotsJs from '../pages/job/script.js';
import jobsJs from '../pages/jobs/script.js';
import pageJs from '../pages/page.js';
import plottingJs from '../pages/plotting.js';
import percentilesJs from '../pages/statistics/percentiles.js';
import histogramsJs from '../pages/statistics/script.js';
import styleCss from '../pages/style.css';
import systemJs from '../pages/system/script.js';
import timelineJs from '../pages/timeline/script.js';
import unusualJs from '../pages/unusual/script.js';

export const bundledAssets: AssetTexts = {
  'style.css': styleCss,
  'page.js': pageJs,
  'jobs.js': jobsJs,
  'plotting.js': plottingJs,
  'plots.js': plotsJs,
  'histograms.js': histogramsJs,
  'percentiles.js': percentilesJs,
  'system.js': systemJs,
  'timeline.js': timelineJs,
  'unusual.js': unusualJs,
  'uplot.js': uplotJs,
  'uplot.css': uplotCss,
  'icon.svg': iconSvg,
};
