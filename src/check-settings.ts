import { type Given, isLoopback, type SettingName, SettingsSchema, type SettingValues } from './settings.ts';
import { StartupError } from './startup-error.ts';

/** Checks settings individually and in combination, and returns their values. Throws StartupError. */
export function readSettings(bindings: Given): SettingValues {
  const parsed = SettingsSchema.safeParse(bindings);
  const issues = parsed.success ? [] : parsed.error.issues;
  // Invalid settings are treated as missing, so that contradictions between the others are reported too.
  const bad = new Set(issues.map(({ path: [name] }) => String(name)));
  const rest = Object.fromEntries(Object.entries(bindings).filter(([name]) => !bad.has(name)));
  const settings = parsed.success ? parsed.data : SettingsSchema.parse(rest);
  const problems = [
    ...issues.map((issue) => `${issue.path.join('.')} ${issue.message}`),
    ...contradictions(settings, bad),
  ];
  if (problems.length > 0) throw new StartupError(problems);
  return Object.freeze(settings);
}

const TO_SEARCH: readonly SettingName[] = ['LDAP_URL', 'LDAP_USER_BASE', 'LDAP_SEARCH_DN', 'LDAP_ADMIN_PASSWORD'];

/** Settings that need others. A setting that is off needs nothing. */
const REQUIRED: readonly (readonly [SettingName, readonly SettingName[]])[] = [
  ['JWT_COOKIE_NAME', ['JWT_TRUSTED_ISSUER', 'CROSS_LOGIN_JWT_PUBLIC_KEY']],
  ['OIDC_PROVIDER', ['PUBLIC_URL', 'OID_CLIENT_ID']],
  ['ARCHIVE_RETENTION', ['ARCHIVE_RETENTION_D']],
  ['LDAP_URL', ['LDAP_USER_BIND']],
  ['LDAP_SYNC_USER', TO_SEARCH],
  ['LDAP_UPDATE_USER', TO_SEARCH],
  ['LDAP_SYNC_S', TO_SEARCH],
];

/** What does not fit together in settings that are valid each. Those in `bad` are not, and have been reported. */
export function contradictions(settings: SettingValues, bad: ReadonlySet<string> = new Set()): string[] {
  const problems: string[] = [];
  if (
    settings.AUTH === 'jwt' &&
    settings.JWT_PUBLIC_KEY === undefined &&
    !bad.has('JWT_PUBLIC_KEY') &&
    !bad.has('AUTH')
  ) {
    problems.push(
      "JWT_PUBLIC_KEY is missing: create a key pair with 'cc-jobs keys' and add it to .env, or set AUTH=none",
    );
  }
  if (settings.CC_BACKEND_SESSIONS && settings.SESSION_KEY === undefined && !bad.has('SESSION_KEY')) {
    problems.push("SESSION_KEY is missing: CC_BACKEND_SESSIONS requires the one in cc-backend's .env");
  }
  for (const [name, needed] of REQUIRED) {
    const value = settings[name];
    if (value === undefined || value === false || value === 'off' || value === 'none') continue;
    for (const other of needed) {
      if (settings[other] === undefined && !bad.has(other)) problems.push(`${other} is missing: ${name} requires it`);
    }
  }
  const { ARCHIVE_RETENTION: retention, ARCHIVE_RETENTION_PATH: target } = settings;
  if (retention === 'move' && target === undefined && !bad.has('ARCHIVE_RETENTION_PATH'))
    problems.push('ARCHIVE_RETENTION_PATH is missing: ARCHIVE_RETENTION=move requires it');
  if (settings.AUTH === 'none' && !isLoopback(settings)) {
    problems.push('AUTH none makes every caller an admin: it requires a loopback HOST (127.0.0.1, ::1 or localhost)');
  }
  const { DB_SOFT_HEAP_LIMIT_MB: soft, DB_HARD_HEAP_LIMIT_MB: hard } = settings;
  if (soft !== 'auto' && hard !== 'auto' && soft >= hard) {
    problems.push(
      'DB_SOFT_HEAP_LIMIT_MB must be below DB_HARD_HEAP_LIMIT_MB: the cache must shrink before a query fails',
    );
  }
  if (settings.DB_SYNC_URL !== undefined && !settings.DB_URL.startsWith('file:') && !bad.has('DB_URL')) {
    problems.push('DB_SYNC_URL requires a DB_URL that begins with file:, the file of the replica');
  }
  return problems;
}
