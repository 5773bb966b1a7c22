/** The pages of cc-backend's front end. Each is a script and a style sheet of this name in `build/`. */
const ENTRIES = [
  'analysis',
  'config',
  'dashpublic',
  'header',
  'job',
  'jobs',
  'list',
  'logs',
  'node',
  'status',
  'systems',
  'taglist',
  'user',
] as const;

export type Entry = (typeof ENTRIES)[number];

const CSS = 'text/css; charset=utf-8';
const JS = 'text/javascript; charset=utf-8';

/** All files of the built front end that are served, by path below its folder, with their type. */
export const FILE_TYPES: ReadonlyMap<string, string> = new Map([
  ...ENTRIES.flatMap((entry): [string, string][] => [
    [`build/${entry}.js`, JS],
    [`build/${entry}.css`, CSS],
  ]),
  ['bootstrap.min.css', CSS],
  ['bootstrap-icons.css', CSS],
  ['global.css', CSS],
  ['uPlot.min.css', CSS],
  ['fonts/bootstrap-icons.woff2', 'font/woff2'],
  ['fonts/bootstrap-icons.woff', 'font/woff'],
  ['img/logo.png', 'image/png'],
  ['favicon.png', 'image/png'],
]);

/** A folder without one of these is not a built front end. */
export const CORE_FILES: readonly string[] = ['build/header.js', 'build/jobs.js', 'build/job.js'];

export interface FrontendFile {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly type: string;
  /** The ETag. Changes with the content. */
  readonly tag: string;
}

/** The files of FILE_TYPES by path. */
export type FrontendFiles = ReadonlyMap<string, FrontendFile>;
