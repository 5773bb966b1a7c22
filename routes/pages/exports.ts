import { Hono } from 'hono';
import type { AppEnv } from '../../src/http/service.ts';
import { EXPORT_FORMATS } from '../../src/jobs/export-format.ts';
import { histograms } from '../histograms.ts';
import { exportedJobs } from '../jobs.ts';
import { percentilesOfJobs } from '../percentiles.ts';
import { statistics } from '../statistics.ts';
import { timeline } from '../timeline.ts';
import { unusedByJobs } from '../unused-hours.ts';

/** The tables by the paths of their routes in the API. */
export const TABLES = {
  jobs: exportedJobs,
  'statistics/jobs': statistics.exported,
  'statistics/percentiles': percentilesOfJobs.exported,
  'statistics/histograms': histograms.exported,
  'statistics/timeline': timeline.exported,
  'statistics/unused': unusedByJobs.exported,
};

/** GET /exports/NAME.csv and so on: the tables of the API as files, for the links on the pages. */
export const exports = new Hono<AppEnv>();

for (const [name, exported] of Object.entries(TABLES)) {
  for (const format of EXPORT_FORMATS) exports.get(`/exports/${name}.${format}`, (c) => exported(c, format));
}
