/** The generated jobs of the demo. */
export const DEMO_JOBS = 100_000;
/** The same for people. */
export const DEMO_JOBS_TEXT = String(DEMO_JOBS).replaceAll(/\B(?=(\d{3})+$)/g, ','); // every command reads it: Intl takes 12 ms
/** The folder of the demo database and archive, in the working directory. */
export const DEMO_FOLDER = 'var/demo';
/** How long the token is valid that the demo prints. */
export const TOKEN_DAYS = 1;
