import { describe, expect, test } from 'vitest';
import { readSettings } from '../src/check-settings.ts';
import { makeKeys } from '../src/http/auth/signing-keys.ts';
import { reloadedSettings } from '../src/restart-only-settings.ts';
import { SECRETS, SettingsSchema } from '../src/settings.ts';
import { settingsInWorker, settingsOnNode } from '../src/settings-by-deployment.ts';
import { StartupError } from '../src/startup-error.ts';

const { publicKey, privateKey } = await makeKeys();
const GOOD = { JWT_PUBLIC_KEY: publicKey };
const SESSION_KEY = btoa('0123456789abcdef0123456789abcdef');

/** The problems for which a start with these settings is refused. */
function problemsOf(bindings: Record<string, string | undefined>): readonly string[] {
  try {
    readSettings({ ...GOOD, ...bindings });
  } catch (error) {
    if (error instanceof StartupError) return error.problems;
    throw error;
  }
  return [];
}

describe('settings', () => {
  test('need nothing but a public key', () => {
    expect(readSettings(GOOD)).toMatchObject({
      HOST: '127.0.0.1',
      PORT: 8080,
      DB_MEMORY_LIMIT_MB: 'auto',
      AUTH: 'jwt',
    });
  });

  test('are frozen', () => {
    expect(Object.isFrozen(readSettings(GOOD))).toBe(true);
  });

  test('are not disturbed by other variables of the environment', () => {
    expect(problemsOf({ PATH: '/usr/bin', DB_CACHE_SIZE: '5', NODE_ENV: 'x' })).toEqual([]);
  });

  test('that are bad are all named at once', () => {
    const problems = problemsOf({
      PORT: 'http',
      DB_QUEUE_LIMIT: '0',
      LOG_LEVEL: 'loud',
      TRUST_PROXY: 'yes',
      DB_URL: 'job.db',
    });
    expect(problems.map((problem) => problem.split(' ')[0]).sort()).toEqual(
      ['DB_QUEUE_LIMIT', 'DB_URL', 'LOG_LEVEL', 'PORT', 'TRUST_PROXY'].sort(),
    );
  });

  test('that contradict each other are named beside one that is bad by itself', () => {
    const problems = problemsOf({ PORT: 'http', AUTH: 'none', HOST: '0.0.0.0', JWT_PUBLIC_KEY: 'short' });
    expect(problems.map((problem) => problem.split(' ')[0])).toEqual(['PORT', 'JWT_PUBLIC_KEY', 'AUTH']);
    expect(problemsOf({ JWT_PUBLIC_KEY: 'short' })).toHaveLength(1); // it is not also reported as missing
  });

  test('that contradict each other are all named at once', () => {
    const problems = problemsOf({
      JWT_PUBLIC_KEY: undefined,
      DB_URL: 'http://127.0.0.1:9000',
      DB_SYNC_URL: 'http://127.0.0.1:9001',
      DB_SOFT_HEAP_LIMIT_MB: '100',
      DB_HARD_HEAP_LIMIT_MB: '100',
    });
    expect(problems).toHaveLength(3);
    expect(problems.join('\n')).toMatch(/JWT_PUBLIC_KEY is missing.*'cc-jobs keys'/);
    expect(problems.join('\n')).toMatch(/DB_SOFT_HEAP_LIMIT_MB must be below DB_HARD_HEAP_LIMIT_MB/);
    expect(problems.join('\n')).toMatch(/DB_SYNC_URL requires a DB_URL that begins with file:/);
  });
});

describe('a number', () => {
  const numbers = Object.keys(SettingsSchema.shape).filter((name) => /_(MB|MS|S|LIMIT|CONNECTIONS)$|^PORT$/.test(name));

  test('has a setting or two', () => expect(numbers.length).toBeGreaterThan(10));

  test.each(numbers)('of %s is written in digits', (name) => {
    for (const text of [
      '',
      ' ',
      'true',
      '-1',
      '1.5',
      '1e3',
      '0x10',
      ' 5',
      '5 ',
      '5MB',
      '+5',
      'NaN',
      'Infinity',
      '9'.repeat(13),
    ]) {
      expect(problemsOf({ [name]: text }), text).toEqual([
        expect.stringMatching(new RegExp(`^${name} must be .*whole number from`)),
      ]);
    }
  });

  test.each([
    ['PORT', '65536', '65535'],
    ['DB_MAX_CONNECTIONS', '0', '1'],
    ['DB_MAX_CONNECTIONS', '65', '64'],
    ['REQUEST_TIMEOUT_MS', '9', '10'],
    ['REQUEST_TIMEOUT_MS', '600001', '600000'],
    ['DB_MEMORY_LIMIT_MB', '127', '128'],
    ['BODY_LIMIT_MB', '1025', '1024'],
  ])('%s %s is out of bounds, %s is not', (name, outside, inside) => {
    expect(problemsOf({ [name]: outside })).toHaveLength(1);
    expect(problemsOf({ [name]: inside })).toEqual([]);
  });

  test.each(['DB_MEMORY_LIMIT_MB', 'DB_CACHE_SIZE_MB', 'DB_SOFT_HEAP_LIMIT_MB', 'DB_HARD_HEAP_LIMIT_MB'])(
    '%s may be the word auto; 0 is no word for it',
    (name) => {
      expect(problemsOf({ [name]: 'auto' })).toEqual([]);
      expect(problemsOf({ [name]: '0' })).toEqual([expect.stringContaining('must be auto or a whole number')]);
    },
  );

  test('is the same with zeros before it', () => expect(readSettings({ ...GOOD, PORT: '0080' }).PORT).toBe(80));
});

describe('a switch', () => {
  test.each(['JWT_VALIDATE_USER', 'CC_BACKEND_SESSIONS'] as const)('%s is on or off, and nothing else', (name) => {
    expect(readSettings({ ...GOOD, SESSION_KEY, [name]: 'on' })[name]).toBe(true);
    expect(readSettings({ ...GOOD, [name]: 'off' })[name]).toBe(false);
    for (const word of ['', 'true', 'false', '1', '0', 'ON', 'yes']) {
      expect(problemsOf({ [name]: word }), word).toEqual([`${name} must be on or off`]);
    }
  });
});

test('METRIC_RESOLUTIONS is a list of seconds, or off', () => {
  const resolutions = ['off', '60', '600, 240,60'].map((text) => readSettings({ ...GOOD, METRIC_RESOLUTIONS: text }));
  expect(resolutions.map(({ METRIC_RESOLUTIONS }) => METRIC_RESOLUTIONS)).toEqual([[], [60], [600, 240, 60]]);
  expect(readSettings(GOOD).METRIC_RESOLUTIONS).toEqual([]);
  for (const text of ['0', '60,', '60;240', '1.5', '-60', '1000000', 'on']) {
    expect(problemsOf({ METRIC_RESOLUTIONS: text }), text).toEqual([
      'METRIC_RESOLUTIONS must be off, or whole numbers from 1 to 999999, separated by commas',
    ]);
  }
});

test('TRUST_PROXY is a switch or the number of proxies, and nothing else', () => {
  const trusted = ['off', 'on', '1', '3'].map((word) => readSettings({ ...GOOD, TRUST_PROXY: word }).TRUST_PROXY);
  expect(trusted).toEqual([false, 1, 1, 3]);
  expect(readSettings(GOOD).TRUST_PROXY).toBe(false);
  for (const word of ['', 'true', 'false', '0', '-1', '17', 'ON', 'yes', 'on,off']) {
    expect(problemsOf({ TRUST_PROXY: word }), word).toEqual([
      'TRUST_PROXY must be on, off or a whole number from 1 to 16',
    ]);
  }
});

describe('an empty text', () => {
  test.each(['HOST', 'DB_URL', 'DB_TEMP_DIR', 'ARCHIVE_PATH', 'DB_AUTH_TOKEN', 'API_ALLOWED_IPS'])(
    'is no %s',
    (name) => {
      expect(problemsOf({ [name]: '' })).toContain(`${name} is empty: remove it instead`);
    },
  );
});

describe('AUTH', () => {
  test('none needs no key', () => expect(problemsOf({ AUTH: 'none', JWT_PUBLIC_KEY: undefined })).toEqual([]));

  test.each(['0.0.0.0', '::', '192.0.2.7', 'cluster.example', '127.0.0.1.example'])('none is refused on %s', (HOST) => {
    expect(problemsOf({ AUTH: 'none', HOST })).toEqual([expect.stringMatching(/AUTH none .* loopback HOST/)]);
  });

  test.each(['127.0.0.1', '::1', 'localhost'])('none is taken on %s', (HOST) => {
    expect(problemsOf({ AUTH: 'none', HOST })).toEqual([]);
  });

  test('has no other words', () => expect(problemsOf({ AUTH: 'off' })).toEqual(['AUTH must be jwt or none']));
});

describe('a key', () => {
  const halves = privateKey.slice(0, 40);

  test.each([
    ['JWT_PUBLIC_KEY', privateKey],
    ['JWT_PRIVATE_KEY', publicKey],
    ['JWT_PRIVATE_KEY', halves],
    ['JWT_PUBLIC_KEY', 'correct horse battery staple'],
    ['JWT_PRIVATE_KEY', '=='],
  ])('%s of the wrong kind is refused, and not repeated', (name, value) => {
    const [problem = '', ...more] = problemsOf({ [name]: value });
    expect(more).toEqual([]);
    expect(problem).toMatch(new RegExp(`^${name} must be .* in base64: .*'cc-jobs keys'`));
    expect(problem).not.toContain(value);
  });

  test('of base64 length and no base64 letters is refused', () => {
    expect(problemsOf({ JWT_PRIVATE_KEY: '!'.repeat(88) })).toHaveLength(1);
    expect(problemsOf({ JWT_PRIVATE_KEY: 'A'.repeat(85) })).toHaveLength(1);
  });
});

describe('CC_BACKEND_SESSIONS', () => {
  const on = (key: string | undefined) => problemsOf({ CC_BACKEND_SESSIONS: 'on', SESSION_KEY: key });

  test('takes the SESSION_KEY of cc-backend, of 32 bytes or more', () => {
    expect([on(SESSION_KEY), on(btoa('x'.repeat(64)))]).toEqual([[], []]);
  });

  test('without a SESSION_KEY is refused', () => {
    expect(on(undefined)).toEqual([expect.stringMatching(/^SESSION_KEY is missing: CC_BACKEND_SESSIONS requires/)]);
  });

  test.each(['correct horse battery staple, as a text', 'c2hvcnQ='])('with the SESSION_KEY %s is refused', (key) => {
    expect(on(key)).toEqual([expect.stringMatching(/^SESSION_KEY must be 32 bytes or more in base64/)]);
    expect(on(key)[0]).not.toContain(key);
  });
});

test('the cookie of another site needs its issuer and its key, and a name that is not ours', () => {
  expect(problemsOf({ JWT_COOKIE_NAME: 'portal' })).toEqual([
    'JWT_TRUSTED_ISSUER is missing: JWT_COOKIE_NAME requires it',
    'CROSS_LOGIN_JWT_PUBLIC_KEY is missing: JWT_COOKIE_NAME requires it',
  ]);
  expect(problemsOf({ CROSS_LOGIN_JWT_PUBLIC_KEY: publicKey })).toEqual([]); // as in cc-backend's .env
  const whole = { JWT_TRUSTED_ISSUER: 'x', CROSS_LOGIN_JWT_PUBLIC_KEY: publicKey };
  for (const name of ['session', 'ccjobs_oidc', 'a b', 'a;b', 'ä', '']) {
    expect(problemsOf({ ...whole, JWT_COOKIE_NAME: name })).toEqual([expect.stringMatching(/^JWT_COOKIE_NAME /)]);
  }
});

describe('a directory', () => {
  const LDAP = { LDAP_URL: 'ldap://ldap.example', LDAP_USER_BIND: 'uid={username},dc=example' };

  test('needs the DN of a user, and to be searched an account', () => {
    expect(problemsOf(LDAP)).toEqual([]);
    expect(problemsOf({ LDAP_URL: LDAP.LDAP_URL })).toEqual(['LDAP_USER_BIND is missing: LDAP_URL requires it']);
    expect(problemsOf({ ...LDAP, LDAP_SYNC_S: '3600' })).toEqual(
      ['LDAP_USER_BASE', 'LDAP_SEARCH_DN', 'LDAP_ADMIN_PASSWORD'].map(
        (name) => `${name} is missing: LDAP_SYNC_S requires it`,
      ),
    );
    expect(problemsOf({ LDAP_ADMIN_PASSWORD: 'x' })).toEqual([]); // as in cc-backend's .env
  });

  test.each([
    'ldap.example',
    'http://ldap.example',
    'ldap://',
    'ldap://ldap.example/dc=x',
    'ldap://a@ldap.example',
    'ldap://x?uid',
  ])('is not at %s', (url) => {
    expect(problemsOf({ ...LDAP, LDAP_URL: url })).toEqual([expect.stringMatching(/^LDAP_URL must be an ldap/)]);
  });

  test('has a place for the user in the DN', () => {
    expect(problemsOf({ ...LDAP, LDAP_USER_BIND: 'uid=x' })).toEqual(['LDAP_USER_BIND must contain {username}']);
  });
});

describe('single sign-on', () => {
  const PROVIDER = {
    OIDC_PROVIDER: 'https://sso.example/realms/hpc',
    OID_CLIENT_ID: 'x',
    PUBLIC_URL: 'https://jobs.example',
  };

  test('needs a provider, a client and the address of the service', () => {
    expect(problemsOf(PROVIDER)).toEqual([]);
    expect(problemsOf({ OIDC_PROVIDER: PROVIDER.OIDC_PROVIDER })).toEqual([
      'PUBLIC_URL is missing: OIDC_PROVIDER requires it',
      'OID_CLIENT_ID is missing: OIDC_PROVIDER requires it',
    ]);
    expect(problemsOf({ OID_CLIENT_ID: 'x', OID_CLIENT_SECRET: 'y' })).toEqual([]); // as in cc-backend's .env
  });

  test.each(['http://127.0.0.1:8080/realms/x', 'http://localhost', 'http://[::1]:1'])(
    'may be on this machine: %s',
    (url) => {
      expect(problemsOf({ ...PROVIDER, OIDC_PROVIDER: url })).toEqual([]);
    },
  );

  test.each([
    'http://sso.example',
    'sso.example',
    'https://a:b@sso.example',
    'https://sso.example?x=1',
    'https://sso.example#x',
    'ftp://x',
  ])('is not at %s', (url) => {
    expect(problemsOf({ ...PROVIDER, OIDC_PROVIDER: url })).toEqual([
      expect.stringMatching(/^OIDC_PROVIDER must be an https/),
    ]);
  });

  test.each([
    'jobs.example',
    'https://jobs.example/x',
    'https://jobs.example?x',
    'https://a@jobs.example',
    'ftp://jobs.example',
    '',
  ])('leads back to an address of the service, not to %j', (url) => {
    expect(problemsOf({ ...PROVIDER, PUBLIC_URL: url })).toEqual([expect.stringMatching(/^PUBLIC_URL /)]);
  });

  test('knows the address of the service without a slash at its end', () => {
    expect(readSettings({ ...GOOD, PUBLIC_URL: 'https://Jobs.Example:443/' }).PUBLIC_URL).toBe('https://jobs.example');
  });
});

test('no message repeats what a secret setting holds', () => {
  const secret = 'c2VjcmV0LXRoYXQtbm9ib2R5LW1heS1zZWU';
  const bindings = {
    PORT: 'x',
    HOST: '',
    DB_AUTH_TOKEN: secret,
    JWT_PRIVATE_KEY: secret,
    METRICS_TOKEN: `${secret} x`,
    OIDC_PROVIDER: `https://user:${secret}@sso.example`,
    OID_CLIENT_SECRET: secret,
    LDAP_ADMIN_PASSWORD: secret,
    LDAP_URL: `ldap://user:${secret}@ldap.example`,
  };
  const problems = problemsOf(bindings);
  expect(problems.length).toBeGreaterThan(2);
  expect(problems.join('\n')).not.toContain(secret);
  expect([...SECRETS].sort()).toEqual([
    ...['CROSS_LOGIN_JWT_HS512_KEY', 'DB_AUTH_TOKEN', 'JWT_PRIVATE_KEY', 'LDAP_ADMIN_PASSWORD', 'METRICS_TOKEN'],
    ...['OID_CLIENT_SECRET', 'SESSION_KEY'],
  ]);
});

test('each setting says where it came from', () => {
  const given = { ...GOOD, PORT: '1', HOST: 'localhost', UNKNOWN: 'x' };
  const { sources } = settingsOnNode({ env: given, fromFile: new Set(['HOST', 'UNKNOWN']) });
  expect([sources.PORT, sources.HOST, sources.DB_URL]).toEqual(['environment', '.env', 'default']);
  expect(Object.keys(sources)).toEqual(Object.keys(SettingsSchema.shape));
  expect(settingsOnNode({ env: given }, { PORT: '2', DB_SYNC_URL: undefined }).sources).toMatchObject({
    PORT: 'command',
    HOST: 'environment',
    DB_SYNC_URL: 'default',
  });
  expect(settingsInWorker({ ...given, DB_URL: 'http://127.0.0.1:1' }).sources.PORT).toBe('binding');
});

test('a reload keeps the values that need a restart, and checks all of them together', () => {
  const running = settingsOnNode({ env: { ...GOOD, HOST: '0.0.0.0', DB_AUTH_TOKEN: 'x' } });
  const read = settingsOnNode({ env: { ...GOOD, HOST: '127.0.0.1', STOP_SKEW_S: '1', METRICS_ADDRESSES: '::1' } });
  const { settings, changed, restartFor } = reloadedSettings(running, read);
  expect(settings.values).toMatchObject({ HOST: '0.0.0.0', STOP_SKEW_S: 1, METRICS_ADDRESSES: ['::1'] });
  expect([changed, restartFor]).toEqual([
    ['STOP_SKEW_S', 'METRICS_ADDRESSES'],
    ['HOST', 'DB_AUTH_TOKEN'],
  ]);
  expect(settings).toMatchObject({ sources: { HOST: 'environment' }, notApplied: ['DB_AUTH_TOKEN'] });
  expect(reloadedSettings(settings, read)).toMatchObject({ changed: [], restartFor: ['HOST', 'DB_AUTH_TOKEN'] });
  // Without a key, valid settings on their own. The service is open to the network and still needs one.
  const open = settingsOnNode({ env: { AUTH: 'none' } });
  expect(() => reloadedSettings(running, open)).toThrow(/JWT_PUBLIC_KEY is missing/);
});

test('a retention of the archive needs an age, and a move needs its target', () => {
  expect(problemsOf({ ARCHIVE_RETENTION_D: '365', ARCHIVE_RETENTION_PATH: '/srv/old' })).toEqual([]);
  expect(problemsOf({ ARCHIVE_RETENTION: 'delete' })).toEqual([
    'ARCHIVE_RETENTION_D is missing: ARCHIVE_RETENTION requires it',
  ]);
  expect(problemsOf({ ARCHIVE_RETENTION: 'move', ARCHIVE_RETENTION_D: '365' })).toEqual([
    'ARCHIVE_RETENTION_PATH is missing: ARCHIVE_RETENTION=move requires it',
  ]);
  expect(problemsOf({ ARCHIVE_RETENTION: 'delete', ARCHIVE_RETENTION_D: '365' })).toEqual([]);
});
