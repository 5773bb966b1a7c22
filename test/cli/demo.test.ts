import { expect, test } from 'vitest';
import { folder, start } from '../support/command-line.ts';
import { cookieOf } from '../support/login.ts';

/** Starts the demo, and has what it prints once it serves. */
async function demo(cwd: string, env: Record<string, string>) {
  const service = start(cwd, ['demo'], { PORT: '0', ...env });
  while (!service.stdout().includes('Ctrl-C ends it.')) {
    const over = await Promise.race([
      service.ended.then(() => true),
      new Promise((resolve) => setTimeout(resolve, 50)),
    ]);
    if (over === true) throw new Error(`it ended: ${service.stderr()}`);
  }
  return service;
}

test('the demo prints a link that logs a browser in as an admin, on loopback alone', async () => {
  const cwd = folder();
  const local = await demo(cwd, {});
  const [link = '', url = ''] = /(http:\/\/127\.0\.0\.1:\d+)\/jwt-login\?login-token=\S+/.exec(local.stdout()) ?? [];
  const login = await fetch(link, { redirect: 'manual' });
  expect([login.status, login.headers.get('Location')]).toEqual([302, '/']);
  const page = await fetch(`${url}/system`, { headers: { Cookie: cookieOf(login) } });
  expect([page.status, await page.text()]).toEqual([200, expect.stringContaining('<bdi>demo</bdi>')]);
  local.child.kill('SIGTERM');
  expect(await local.ended).toBe(0);
  const open = await demo(cwd, { HOST: '0.0.0.0' });
  expect(open.stdout()).not.toContain('login-token');
  open.child.kill('SIGTERM');
  expect(await open.ended).toBe(0);
});
