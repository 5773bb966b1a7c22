import { Fault } from '../faults.ts';

interface Bound {
  readonly most: number;
  /** `characters` are UTF-16 units, as JavaScript and form fields count them. */
  readonly unit: 'characters' | 'bytes' | 'entries';
  readonly of: string;
}

/**
 * Limits of what a caller can store, on every route (docs/api.md has the same table). The bound `text` applies to every
 * text of a body without a bound of its own. Files of other programs and imports may exceed these bounds, so code that
 * reads must not rely on them. Bounds of numbers and times: fields.ts.
 */
export const BOUNDS = {
  text: {
    most: 255,
    unit: 'characters',
    of: 'any other text, such as names of users, projects and hosts',
  },
  list: { most: 2_000, unit: 'entries', of: 'any other list' },
  parameters: { most: 100, unit: 'entries', of: 'parameters in the body of a list of jobs' },
  tagType: { most: 255, unit: 'characters', of: 'type of a tag' },
  tagName: { most: 1000, unit: 'characters', of: 'name of a tag' },
  tagsOfJob: { most: 1000, unit: 'entries', of: 'tags of a job' },
  tagsInBody: { most: 2_000, unit: 'entries', of: 'tags in a list of tags' },
  privateTags: { most: 10_000, unit: 'entries', of: 'private tags of a user' },
  metaKey: { most: 255, unit: 'characters', of: 'key of a metadata entry' },
  metaValue: { most: 4_194_304, unit: 'bytes', of: 'value of a metadata entry' },
  metaEntries: { most: 1000, unit: 'entries', of: 'metadata entries of a job' },
  metaTotal: { most: 16_777_216, unit: 'bytes', of: 'metadata of a job' },
  footprint: { most: 1000, unit: 'entries', of: 'values of a footprint' },
  resources: { most: 50_000, unit: 'entries', of: 'nodes of a job' },
  hwthreads: { most: 10_000, unit: 'entries', of: 'hardware threads of a job on one node' },
  accelerators: { most: 4096, unit: 'entries', of: 'accelerators of a job on one node' },
  nodesInReport: { most: 40_000, unit: 'entries', of: 'nodes in a report of node states' },
  nodeStates: { most: 64, unit: 'entries', of: 'states of a node in a report' },
  projectsOfAccount: { most: 1000, unit: 'entries', of: 'projects of an account' },
  settings: { most: 1000, unit: 'entries', of: "settings of a user of cc-backend's front end" },
  settingKey: { most: 255, unit: 'characters', of: 'key of such a setting' },
  settingValue: { most: 65_536, unit: 'bytes', of: 'value of such a setting' },
  // cc-backend repeats all of them in each of its pages, as it does with every setting of the user.
  savedFilters: { most: 50, unit: 'entries', of: 'saved filters of a user' },
  savedFilterName: { most: 100, unit: 'characters', of: 'name of a saved filter' },
  savedFilter: { most: 4_000, unit: 'characters', of: 'query of a saved filter' },
} as const satisfies Readonly<Record<string, Bound>>;

export type BoundName = keyof typeof BOUNDS;

/** Throws `conflict` if a change would exceed a bound. */
export function refuseAbove(name: BoundName, count: number): void {
  const { most, unit, of }: Bound = BOUNDS[name];
  if (count > most) throw new Fault('conflict', `limit exceeded: ${of} (at most ${most} ${unit})`);
}

/** A metadata entry that was cut. */
export interface CutEntry {
  key: string;
  bytes: number;
}

const encoder = new TextEncoder();

/**
 * Cuts the values of a new job's metadata to the bounds, so that a long job script does not lose the job. Never cuts
 * within a character. `cut` lists the entries that were too long, with their length.
 */
export function boundedMetadata(metaData: Record<string, string>): {
  metaData: Record<string, string>;
  cut: CutEntry[];
} {
  const cut: CutEntry[] = [];
  let leftBytes: number = BOUNDS.metaTotal.most;
  const entries = Object.entries(metaData).map(([key, value]): [string, string] => {
    const limitBytes = Math.min(BOUNDS.metaValue.most, leftBytes);
    const kept = firstBytes(value, limitBytes);
    if (kept.text.length < value.length) cut.push({ key, bytes: encoder.encode(value).length });
    leftBytes -= kept.bytes;
    return [key, kept.text];
  });
  return { metaData: Object.fromEntries(entries), cut };
}

/** Returns the beginning of a text, up to this number of bytes of UTF-8. */
function firstBytes(text: string, limitBytes: number): { text: string; bytes: number } {
  const buffer = new Uint8Array(Math.min(limitBytes, text.length * 3)); // a UTF-16 unit has 3 bytes at most
  const { read, written } = encoder.encodeInto(text, buffer);
  return { text: read < text.length ? text.slice(0, read) : text, bytes: written };
}
