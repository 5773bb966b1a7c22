import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import chromium, { inflate } from '@sparticuz/chromium';
import { type Browser, chromium as driver } from 'playwright-core';

const ROOT = join(import.meta.dirname, '../..');
const PACKED = join(ROOT, 'node_modules/@sparticuz/chromium/bin');
const CACHE = join(ROOT, 'node_modules/.cache');
const UNPACKED = join(CACHE, 'chromium-153');

/** The package has a browser only for Linux on x64. On other systems the tests that need a browser are skipped. */
export const HAS_CHROMIUM = process.platform === 'linux' && process.arch === 'x64';

/** Starts a real Chromium. The caller must `close` it. Missing system libraries are taken from the package. */
export async function openChromium(): Promise<Browser> {
  await unpack();
  const args = ['--disable-gpu', ...chromium.args.filter((flag) => !UNWANTED.has(flag) && !EMULATED_GPU.test(flag))];
  const env = { ...process.env, FONTCONFIG_FILE: join(UNPACKED, 'fonts.conf') };
  const options = { executablePath: join(UNPACKED, 'chromium'), args, headless: true };
  try {
    return await driver.launch({ ...options, env });
  } catch {
    return await driver.launch({ ...options, env: { ...env, LD_LIBRARY_PATH: join(UNPACKED, 'al2023/lib') } });
  }
}

/**
 * Uses the fonts of the package, whose own configuration expects them in another folder, and then those of the system.
 */
const FONTS = `<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig>
<dir>${join(UNPACKED, 'fonts/fonts')}</dir><dir>/usr/share/fonts</dir><cachedir>${join(UNPACKED, 'fonts/cache')}</cachedir>
<alias><family>system-ui</family><prefer><family>Open Sans</family></prefer></alias>
<alias><family>sans-serif</family><prefer><family>Open Sans</family></prefer></alias></fontconfig>`;

/**
 * Flags that give a page more rights than in a normal browser, the single-process flag: that process dies when two
 * windows close at once, and the one without which a window takes a sixth less of CPU time.
 */
const UNWANTED = new Set([
  '--disable-web-security',
  '--allow-running-insecure-content',
  '--single-process',
  '--no-zygote',
]);

/** Flags of a GPU in software, which no page needs: drawing with it takes a third of the CPU time of a test. */
const EMULATED_GPU = /gpu|angle|swiftshader/;

/** Unpacks once for all tests, into a folder of our own that is either complete or missing. */
async function unpack(): Promise<void> {
  if (existsSync(UNPACKED)) return;
  await mkdir(CACHE, { recursive: true });
  const unfinished = await mkdtemp(join(CACHE, 'chromium-unfinished-'));
  const { TMPDIR: before } = process.env;
  process.env['TMPDIR'] = unfinished; // the package unpacks to the system's temporary folder
  try {
    await Promise.all([chromium.executablePath(), inflate(join(PACKED, 'al2023.tar.br'))]);
    await writeFile(join(unfinished, 'fonts.conf'), FONTS);
    await rename(unfinished, UNPACKED);
  } catch (error) {
    await rm(unfinished, { recursive: true, force: true });
    if (!existsSync(UNPACKED)) throw error; // otherwise another test was first
  } finally {
    if (before === undefined) delete process.env['TMPDIR'];
    else process.env['TMPDIR'] = before;
  }
}
