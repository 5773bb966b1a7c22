import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, copyFileSync, existsSync, openSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { freePort } from '../../src/dev/servers/free-port.ts';
import { answers, migrated, OPEN, refused, run, serve, start } from '../support/command-line.ts';
import { openSqlite } from '../support/sqlite.ts';

describe('serve', () => {
  test('answers with a token made by the commands, and ends with 0 at SIGTERM', async () => {
    const cwd = await migrated();
    writeFileSync(join(cwd, '.env'), (await run(cwd, ['keys'])).stdout);
    const { stdout } = await run(cwd, ['token', '--user', 'robot', '--roles', 'api']);
    const packages = join(cwd, 'packages');
    const NODE_OPTIONS = `--import=${join(import.meta.dirname, '../fixtures/list-packages.mjs')}`;
    const { service, url } = await serve(cwd, { AUTH: 'jwt', NODE_OPTIONS, PACKAGES_FILE: packages });
    const answer = await fetch(`${url}/api/jobs/count`, { headers: { 'X-Auth-Token': stdout.trim() } });
    expect([answer.status, await answer.json()]).toEqual([200, { count: 0 }]);
    expect((await fetch(`${url}/api/jobs/count`)).status).toBe(401);
    service.child.kill('SIGTERM');
    expect(await service.ended).toBe(0);
    expect(service.stderr()).not.toContain(stdout.trim());
    const loaded = new Set(readFileSync(packages, 'utf8').split('\n'));
    expect(loaded).toContain('hono');
    // What only some settings need is not loaded without them.
    for (const name of ['openid-client', 'ldapts', 'prom-client']) expect(loaded).not.toContain(name);
    expect(readdirSync(join(cwd, 'var')).filter((name) => name.startsWith('job.db'))).toContain('job.db');
  });

  test('finishes requests in flight at SIGTERM, and ends its processes', async () => {
    const cwd = await migrated();
    const { code, stderr } = await run(cwd, ['generate', '--jobs', '30000', '--archived', '0']);
    expect({ code, stderr }).toMatchObject({ code: 0 });
    // A connection that is kept alive must not delay the end until its deadline, which is longer than the test.
    const { service, url } = await serve(cwd, { REQUEST_TIMEOUT_MS: '600000' });
    const { database } = (await (await fetch(`${url}/api/system`)).json()) as {
      database: { processes: { pid: number }[] };
    };
    // A list of 30,000 jobs is streamed: its first byte arrives long before its last.
    const answer = await fetch(`${url}/api/jobs/?items-per-page=30000`);
    service.child.kill('SIGTERM');
    const { jobs, ...rest } = (await answer.json()) as { jobs?: unknown[] };
    expect(jobs, JSON.stringify(rest) + service.stderr()).toHaveLength(30_000);
    expect(await service.ended).toBe(0);
    for (const { pid } of database.processes) expect(existsSync(`/proc/${pid}`)).toBe(false);
  });

  test('tells systemd that it is ready, that it lives, and that it stops', async () => {
    const cwd = await migrated();
    const told = join(cwd, 'told');
    const program = join(cwd, 'systemd-notify');
    writeFileSync(program, `#!/bin/sh\necho "$NOTIFY_SOCKET $*" >> '${told}'\n`, { mode: 0o755 });
    const systemd = { NOTIFY_SOCKET: '/run/notify', WATCHDOG_USEC: '100000' };
    const { service } = await serve(cwd, { ...systemd, PATH: `${cwd}:${process.env['PATH']}` });
    const lines = () => (existsSync(told) ? readFileSync(told, 'utf8').trim().split('\n') : []);
    await expect.poll(() => lines().filter((line) => line === '/run/notify WATCHDOG=1').length).toBeGreaterThan(1);
    service.child.kill('SIGTERM');
    expect(await service.ended).toBe(0);
    expect(lines()).toContain('/run/notify --ready');
    expect(lines().at(-1)).toBe('/run/notify STOPPING=1');
  });

  test('serves on if systemd cannot be told', async () => {
    const cwd = await migrated();
    const program = join(cwd, 'systemd-notify');
    writeFileSync(program, '#!/bin/sh\nexit 1\n', { mode: 0o755 });
    const { service, url } = await serve(cwd, { NOTIFY_SOCKET: '/run/notify', PATH: `${cwd}:${process.env['PATH']}` });
    await service.says(/systemd was not notified/);
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
  });

  test('ends at once at a second signal', async () => {
    const cwd = await migrated();
    const { service, url } = await serve(cwd);
    const { port } = new URL(url);
    // The service waits for an unfinished request until its deadline of 30 s.
    const socket = connect(Number(port), '127.0.0.1');
    socket.on('error', () => {}); // it is reset at the end
    onTestFinished(() => void socket.destroy());
    await once(socket, 'connect');
    const head = ['Host: 127.0.0.1', 'Content-Length: 100', 'Expect: 100-continue'];
    socket.write(`POST /api/jobs/1 HTTP/1.1\r\n${head.join('\r\n')}\r\n\r\n[`);
    await once(socket, 'data'); // 100 Continue: the request has started
    service.child.kill('SIGTERM');
    await refused(Number(port));
    // Two signals within a moment count as one.
    const again = setInterval(() => service.child.kill('SIGTERM'), 20);
    expect(await service.ended).toBe('SIGKILL');
    clearInterval(again);
  });

  test('takes two signals within a moment for one, as a terminal and npm send them', async () => {
    const { service } = await serve(await migrated());
    for (const signal of ['SIGINT', 'SIGINT', 'SIGTERM'] as const) service.child.kill(signal);
    expect(await service.ended).toBe(0);
  });

  test('ends at once at a signal while it is still starting', async () => {
    const cwd = await migrated();
    const silent = createServer(() => {}).listen(0, '127.0.0.1');
    onTestFinished(() => void silent.close());
    await once(silent, 'listening');
    const connected = once(silent, 'connection'); // the service connects, and waits for the answer
    const { port } = silent.address() as AddressInfo;
    const service = start(cwd, ['serve'], { ...OPEN, DB_URL: `http://127.0.0.1:${port}` });
    const [socket] = (await connected) as [Socket];
    onTestFinished(() => void socket.destroy());
    service.child.kill('SIGTERM');
    expect(await service.ended).toBe(0); // 2 would mean that its own wait for the server ended
  });

  test('leaves a file that is the whole database', async () => {
    const cwd = await migrated();
    await run(cwd, ['generate', '--jobs', '100', '--archived', '0']);
    const { service, url } = await serve(cwd);
    const { jobs } = (await (await fetch(`${url}/api/jobs/?items-per-page=1`)).json()) as { jobs: object[] };
    const job = { ...jobs[0], jobId: 7 } as Record<string, unknown>;
    const { cluster, user, numNodes, resources, startTime, jobId } = job;
    const body = JSON.stringify({ jobId, cluster, user, numNodes, resources, startTime });
    const started = await fetch(`${url}/api/jobs/start_job/`, { method: 'POST', body });
    expect(started.status).toBe(201);
    service.child.kill('SIGTERM');
    expect(await service.ended).toBe(0);
    copyFileSync(join(cwd, 'var/job.db'), join(cwd, 'copy.db'));
    const copy = openSqlite(join(cwd, 'copy.db'));
    expect(await (await copy.prepare('SELECT job_id AS id FROM job WHERE job_id = 7')).all([])).toEqual([{ id: 7 }]);
    copy.close();
  });

  test('loses log lines, and nothing else, while standard error cannot be written', async () => {
    const cwd = await migrated();
    const port = await freePort();
    const full = openSync('/dev/full', 'w');
    const service = start(cwd, ['serve'], { ...OPEN, PORT: String(port) }, full);
    await answers(port);
    expect((await fetch(`http://127.0.0.1:${port}/api/jobs/count`)).status).toBe(200);
    service.child.kill('SIGTERM');
    expect(await service.ended).toBe(0);
    closeSync(full);
  });

  test('goes on while nobody reads the pipe of its standard error', async () => {
    const cwd = await migrated();
    const port = await freePort();
    execFileSync('mkfifo', [join(cwd, 'pipe')]);
    const pipe = openSync(join(cwd, 'pipe'), 'r+');
    const service = start(cwd, ['serve'], { ...OPEN, PORT: String(port) }, pipe);
    await answers(port);
    for (let at = 0; at < 1_000; at += 1) await (await fetch(`http://127.0.0.1:${port}/healthz`)).text();
    service.child.kill('SIGTERM');
    expect(await service.ended).toBe(0);
    closeSync(pipe);
  });

  test('goes on while nobody reads the socket of its standard error, and says then how many lines were lost', async () => {
    const cwd = await migrated();
    const port = await freePort();
    const service = start(cwd, ['serve'], { ...OPEN, PORT: String(port) });
    service.child.stderr?.pause();
    await answers(port);
    const path = `/assets/${'0'.repeat(150)}/style.css`; // about 300 bytes of log each; a pipe holds 64 KB
    for (let at = 0; at < 1_000; at += 1) await fetch(`http://127.0.0.1:${port}${path}`, { method: 'HEAD' });
    service.child.stderr?.resume();
    const told = /"lost":(\d+),"msg":"log lines were lost"/;
    // The first line that can be written reports it. It is not known which one that is.
    while (!told.test(service.stderr())) await (await fetch(`http://127.0.0.1:${port}/healthz`)).text();
    const [, lost = '0'] = told.exec(service.stderr()) ?? [];
    expect(Number(lost)).toBeGreaterThan(10);
    service.child.kill('SIGTERM');
    expect(await service.ended).toBe(0);
    for (const line of service.stderr().trim().split('\n')) expect(() => JSON.parse(line), line).not.toThrow();
  });
});
