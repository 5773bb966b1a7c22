import type { Database } from '../db/port.ts';
import { userConfiguration } from '../db/statements/user-configuration.ts';
import type { Deadline } from '../deadline.ts';
import { Fault } from '../faults.ts';
import { BOUNDS } from '../jobs/input-bounds.ts';
import type { User } from '../jobs/roles.ts';
import { OWN_SETTINGS } from '../jobs/saved-filter.ts';
import { requireWritesOwn } from '../jobs/visibility.ts';

const PLOTS = ['cpu_load', 'flops_any', 'mem_bw', 'mem_used'];

/** The settings of a user who has changed none (contract/frontend.md §1.2). */
const DEFAULTS: Readonly<Record<string, unknown>> = {
  jobList_usePaging: false,
  jobList_showFootprint: false,
  nodeList_usePaging: false,
  jobView_showPolarPlot: true,
  jobView_showFootprint: false,
  jobView_showRoofline: true,
  jobView_showStatTable: true,
  metricConfig_jobListMetrics: PLOTS,
  metricConfig_jobViewPlotMetrics: PLOTS,
  metricConfig_jobViewTableMetrics: ['flops_any', 'mem_bw', 'mem_used'],
  plotConfiguration_colorBackground: true,
  plotConfiguration_plotsPerRow: 3,
  plotConfiguration_lineWidth: 3,
  plotConfiguration_colorScheme: ['#00bfff', '#0000ff', '#ff00ff', '#ff0000', '#ff8000', '#ffff00', '#80ff00'],
};

/** The settings of the front end are lists of lists at most. JSON.stringify fails at some thousand levels. */
const MOST_LEVELS = 16;

/** The settings of cc-backend's front end for a user. A stored value that is not JSON reads as the default. */
export async function configurationOf(
  db: Database,
  { name }: User,
  shortJobSec: number,
  deadline: Deadline,
): Promise<Record<string, unknown>> {
  const rows = await db.read(userConfiguration(name), deadline);
  const stored = rows.flatMap(({ key, value }) => {
    const parsed = parsedJson(value);
    return parsed === undefined ? [] : [[key, parsed] as const];
  });
  return { ...DEFAULTS, ...Object.fromEntries(stored), jobList_hideShortRunningJobs: shortJobSec };
}

/**
 * Stores a setting of a user. Returns false for a user without an account: the table of settings refers to accounts.
 * Throws `forbidden`, and invalid_request if the value is not JSON, because cc-backend cannot render a page with such a
 * value.
 */
export async function updateConfiguration(
  db: Database,
  user: User,
  { key, value }: { key: string; value: string },
  deadline: Deadline,
): Promise<boolean> {
  requireWritesOwn(user);
  if (key === '' || key.length > BOUNDS.settingKey.most || /\p{Cc}/u.test(key)) {
    throw new Fault('invalid_request', `key must have 1 to ${BOUNDS.settingKey.most} characters, none of them control`);
  }
  if (key.startsWith(OWN_SETTINGS)) throw new Fault('invalid_request', `keys cannot begin with ${OWN_SETTINGS}`);
  if (new TextEncoder().encode(value).length > BOUNDS.settingValue.most) {
    throw new Fault('invalid_request', `value must have at most ${BOUNDS.settingValue.most} bytes`);
  }
  if (parsedJson(value) === undefined) {
    throw new Fault('invalid_request', `value must be JSON of at most ${MOST_LEVELS} levels, such as true or "text"`);
  }
  const { saved } = await db.write('saveSetting', { username: user.name, key: key.toWellFormed(), value }, deadline);
  return saved;
}

/** Returns undefined for a text that is not JSON or is nested too deeply. */
function parsedJson(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return levelsOf(value) <= MOST_LEVELS ? value : undefined;
  } catch {
    return undefined;
  }
}

/** The levels of lists and objects in a value, counted up to one more than allowed. */
function levelsOf(value: unknown, above = 0): number {
  if (typeof value !== 'object' || value === null || above > MOST_LEVELS) return above;
  return Object.values(value).reduce((most: number, item) => Math.max(most, levelsOf(item, above + 1)), above + 1);
}
