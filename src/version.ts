import info from '../package.json' with { type: 'json' };

/** The version of cc-jobs, as in package.json. */
export const VERSION: string = info.version;
