/** The Worker as it is built, and `npm run dev:edge` as a developer runs it. */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { freePort } from '../../src/dev/servers/free-port.ts';
import { run, start } from '../support/command-line.ts';
import { testFolder } from '../support/folder.ts';

const ROOT = join(import.meta.dirname, '../..');
/** KB. A larger bundle contains something that a Worker does not need. */
const MOST_KB = 650;

test('the bundle has nothing of Node, and is small', () => {
  const out = testFolder();
  const wrangler = join(ROOT, 'node_modules/wrangler/bin/wrangler.js');
  execFileSync(process.execPath, [wrangler, 'deploy', '--dry-run', '--outdir', out], {
    cwd: ROOT,
    env: { ...process.env, WRANGLER_SEND_METRICS: 'false', WRANGLER_HIDE_BANNER: 'true' },
    stdio: 'ignore',
  });
  const bundle = readFileSync(join(out, 'worker.js'), 'utf8');
  const imported = [...bundle.matchAll(/(?:\bfrom|\bimport|\brequire\d*\()\s*["']([^"'\n]+)["']/g)].map(
    ([, name]) => name,
  );
  expect(imported.filter((name) => name?.startsWith('node:') || builtinModules.includes(name ?? ''))).toEqual([]);
  // The files of ours that only run on Node, recognized by the comments that name each file.
  const foreign = [
    'processes',
    'connections',
    'column-index',
    'nodejs',
    'archive',
    'import',
    'commands',
    'dev',
    'parquet',
  ];
  expect(foreign.filter((name) => !existsSync(join(ROOT, 'src', name)))).toEqual([]);
  const files = [...bundle.matchAll(/^\/\/ (src\/([\w-]+).*\.ts)$/gm)].map(([, path = '', part = '']) => ({
    path,
    part,
  }));
  expect(files.map(({ path }) => path)).toContain('src/worker.ts');
  expect(files.filter(({ part }) => foreign.includes(part))).toEqual([]);
  const kb = Math.round(gzipSync(bundle).length / 1024);
  console.log(`the Worker's bundle: ${Math.round(bundle.length / 1024)} KB, ${kb} KB compressed`);
  expect(kb).toBeLessThan(MOST_KB);
});

test('dev:edge serves the demo jobs as a Worker, and leaves no process', async () => {
  const cwd = testFolder();
  // It serves existing jobs. test/cli/demo.test.ts lets the demo create its 100,000, which edge does in the same way.
  const demo = { DB_URL: 'file:var/demo/job.db', ARCHIVE_PATH: 'var/demo/job-archive' };
  expect(await run(cwd, ['generate', '--jobs', '1000'], demo)).toMatchObject({ code: 0 });
  const edge = start(cwd, ['edge'], { PORT: String(await freePort()), HOME: cwd });
  const until = async (text: RegExp) => {
    for (;;) {
      const [found, ...groups] = text.exec(edge.stdout()) ?? [];
      if (found !== undefined) return groups;
      const over = await Promise.race([edge.ended.then(() => true), new Promise((resolve) => setTimeout(resolve, 50))]);
      if (over === true) throw new Error(`it ended: ${edge.stderr()}`);
    }
  };
  const [url = '', token = ''] = await until(/at (http:\/\/127\.0\.0\.1:\d+)\n\nTOKEN=(\S+)/);
  const ask = async (path: string) => {
    const answer = await fetch(`${url}${path}`, { headers: { 'X-Auth-Token': token } });
    return [answer.status, await answer.json()];
  };
  expect(await ask('/api/jobs/count')).toEqual([200, { count: 1_000 }]);
  expect(await ask('/api/clusters/?cluster=moss')).toMatchObject([200, { clusters: [{ name: 'moss' }] }]);
  expect(await ask('/api/system')).toMatchObject([200, { runtime: 'worker', settings: { AUTH: 'jwt' } }]);
  const own = processesIn(cwd);
  expect(own.some((line) => line.includes('sqld'))).toBe(true);
  edge.child.kill('SIGINT');
  expect(await edge.ended).toBe(0);
  expect(processesIn(cwd)).toEqual([]);
  await expect(fetch(url)).rejects.toThrow();
  // wrangler.toml is complete, and nothing was asked about newer versions.
  expect(edge.stderr()).not.toMatch(/module rule|fallback|update available|newer version/i);
});

/** The command lines of all processes that were started with this folder as their home. */
function processesIn(cwd: string): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const environment = readFileSync(`/proc/${pid}/environ`, 'utf8');
        const line = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
        return environment.includes(`HOME=${cwd}\0`) ? [line] : [];
      } catch {
        return []; // it has just ended
      }
    });
}
