import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AssetTexts } from '../http/assets.ts';

const own = (name: string) => readFileSync(join(import.meta.dirname, '../browser', name), 'utf8');

/** What the pages load, from the disk. */
export function readAssets(): AssetTexts {
  return {
    'style.css': own('style.css'),
    'page.js': own('page.js'),
    'icon.svg': own('icon.svg'),
  };
}
