/** What the pages load, as the rule of wrangler.toml puts it into the Worker's bundle. */
import iconSvg from './browser/icon.svg';
import pageJs from './browser/page.js';
import styleCss from './browser/style.css';
import type { AssetTexts } from './http/assets.ts';

export const bundledAssets: AssetTexts = {
  'style.css': styleCss,
  'page.js': pageJs,
  'icon.svg': iconSvg,
};
