/** Preloaded by a server: its clock is BENCH_BEHIND_MS behind, at the time of the newest job of an older database. */
const behindMs = Number(process.env['BENCH_BEHIND_MS'] ?? '0');
const now = Date.now;
Date.now = () => now() - behindMs;
