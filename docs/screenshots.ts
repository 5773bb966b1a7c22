/**
 * Makes the screenshots of README.md: `bin/node24 node docs/screenshots.ts`. Starts the demo, looks at it as a visitor does, and ends it.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { openChromium } from '../test/support/chromium.ts';

const ROOT = join(import.meta.dirname, '..');
const IMAGES = join(import.meta.dirname, 'images');
/** A first start makes the demo's jobs. */
const START_LIMIT_MS = 120_000;

const demo = spawn(join(ROOT, 'bin/cc-jobs'), ['demo'], {
  cwd: ROOT,
  env: { ...process.env, PORT: '0' },
  stdio: ['ignore', 'pipe', 'inherit'],
});
try {
  const link = await linkOf(demo.stdout);
  const browser = await openChromium();
  const window = { viewport: { width: 1280, height: 800 }, locale: 'en-GB', timezoneId: 'Europe/Berlin' };
  const page = await (await browser.newContext(window)).newPage();
  await page.goto(link);
  const { origin } = new URL(page.url());
  await page.goto(`${origin}/statistics?start-time=last30d&cluster=gust&group-by=project`);
  await page.locator('#histograms canvas').nth(5).waitFor();
  await page.setViewportSize({ width: 1280, height: 1280 });
  await page.screenshot({ path: join(IMAGES, 'statistics.png') });
  await page.goto(`${origin}/jobs/${await archivedJob(origin)}`);
  await page.locator('.plot canvas').nth(2).waitFor();
  await page.screenshot({ path: join(IMAGES, 'job.png') });
  await browser.close();

  /** The longest job on several nodes that the demo's archive has: those are among the newest that have ended. */
  async function archivedJob(at: string): Promise<string> {
    const headers = { 'X-Requested-With': 'cc-jobs' };
    const found = await page.request.get(`${at}/api/jobs/?num-nodes=2-&cluster=fern&items-per-page=500`, { headers });
    const { jobs } = (await found.json()) as { jobs: { id: number; statistics: object | null; duration: number }[] };
    const [job] = jobs.filter(({ statistics }) => statistics !== null).sort((a, b) => b.duration - a.duration);
    if (job === undefined) throw new Error('the demo has no such job');
    return String(job.id);
  }
} finally {
  demo.kill('SIGTERM');
  await once(demo, 'exit');
}

async function linkOf(output: NodeJS.ReadableStream): Promise<string> {
  const late = setTimeout(() => demo.kill('SIGTERM'), START_LIMIT_MS);
  let text = '';
  for await (const chunk of output) {
    text += chunk;
    const [, link] = /(http:\S+\/jwt-login\?\S+)/.exec(text) ?? [];
    if (link === undefined) continue;
    clearTimeout(late);
    return link;
  }
  throw new Error('the demo ended without a link');
}
