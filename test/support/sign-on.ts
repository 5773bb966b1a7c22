import { ACCOUNTS } from './accounts.ts';
import { CLIENT } from './real-provider.ts';
import { job, type TestApp, type TestAppOptions, testApp } from './test-app.ts';

/** The address at which browsers reach the service in tests of single sign-on. */
export const PUBLIC_URL = 'http://jobs.example';

const JOBS = [job({ user: 'ada' }), job({ jobId: 2, user: 'bob', project: 'p2' }), job({ jobId: 3, user: 'eve' })];

/** The service at a provider. The library reads the system clock, so the service does so too. */
export async function serviceAt(
  url: string,
  settings: TestAppOptions['settings'] = {},
  skewSec = () => 0,
): Promise<TestApp> {
  return await testApp({
    sql: ACCOUNTS,
    jobs: JOBS,
    settings: {
      PUBLIC_URL,
      OIDC_PROVIDER: url,
      OID_CLIENT_ID: CLIENT.id,
      OID_CLIENT_SECRET: CLIENT.secret,
      ...settings,
    },
    service: () => ({ clock: () => Date.now() / 1000 + skewSec() }),
  });
}

/**
 * A browser that follows redirects between the service, which runs in this process, and providers. It has a cookie jar
 * for each host and checks the paths of cookies.
 */
export class Browser {
  readonly #app: TestApp['app'];
  readonly #jars = new Map<string, Map<string, { value: string; path: string }>>();

  constructor({ app }: Pick<TestApp, 'app'>) {
    this.#app = app;
  }

  /** Sends one request. A path is one of the service. */
  async send(address: string, init: RequestInit = {}): Promise<Response> {
    const url = new URL(address, PUBLIC_URL);
    const jar = this.#jar(url.host);
    const cookie = [...jar]
      .filter(([, { path }]) => url.pathname.startsWith(path))
      .map(([name, { value }]) => `${name}=${value}`)
      .join('; ');
    const headers = { Accept: 'text/html', ...(init.headers as Record<string, string>), Cookie: cookie };
    const options = { ...init, headers, redirect: 'manual' as const };
    const answer =
      url.origin === PUBLIC_URL ? await this.#app.request(url.href, options) : await fetch(url.href, options);
    for (const line of answer.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      const [, path = '/'] = /; path=([^;]*)/i.exec(line) ?? [];
      if (/; max-age=0|; expires=thu, 01 jan 1970/i.test(line)) jar.delete(name);
      else jar.set(name, { value, path });
    }
    return answer;
  }

  /** Follows redirects until a page, or until one leads to an address that matches `until`. */
  async open(address: string, until?: RegExp): Promise<{ answer: Response; url: string }> {
    let url = new URL(address, PUBLIC_URL).href;
    for (let hop = 0; hop < 20; hop += 1) {
      if (until?.test(url)) return { answer: new Response(null), url };
      const answer = await this.send(url);
      const location = answer.headers.get('Location');
      if (answer.status < 300 || answer.status >= 400 || location === null) return { answer, url };
      url = new URL(location, url).href;
    }
    throw new Error(`too many redirects: ${url}`);
  }

  /** The cookies that this host has set. */
  cookies(host = new URL(PUBLIC_URL).host): string[] {
    return [...this.#jar(host).keys()];
  }

  #jar(host: string) {
    const jar = this.#jars.get(host) ?? new Map();
    this.#jars.set(host, jar);
    return jar;
  }
}
