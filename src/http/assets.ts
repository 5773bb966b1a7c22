/** All files that the pages load, with their type. No other file is served. */
const TYPES = {
  'style.css': 'text/css; charset=utf-8',
  'page.js': 'text/javascript; charset=utf-8',
  'jobs.js': 'text/javascript; charset=utf-8',
  'plotting.js': 'text/javascript; charset=utf-8',
  'plots.js': 'text/javascript; charset=utf-8',
  'histograms.js': 'text/javascript; charset=utf-8',
  'percentiles.js': 'text/javascript; charset=utf-8',
  'system.js': 'text/javascript; charset=utf-8',
  'timeline.js': 'text/javascript; charset=utf-8',
  'unusual.js': 'text/javascript; charset=utf-8',
  'uplot.js': 'text/javascript; charset=utf-8',
  'uplot.css': 'text/css; charset=utf-8',
  'icon.svg': 'image/svg+xml',
} as const;

export type AssetName = keyof typeof TYPES;
/** The texts of the files. An entry has them from the disk or its bundle. */
export type AssetTexts = Readonly<Record<AssetName, string>>;

export const ASSET_NAMES = Object.keys(TYPES) as AssetName[];

export interface Asset {
  name: AssetName;
  text: string;
  type: string;
}

/** The files under addresses that change with their content, so that browsers may keep them forever. */
export class Assets {
  readonly #texts: AssetTexts;
  readonly #paths: ReadonlyMap<string, string>;

  constructor(texts: AssetTexts) {
    this.#texts = texts;
    this.#paths = new Map(ASSET_NAMES.map((name) => [name, `/assets/${fingerprint(texts[name])}/${name}`]));
  }

  path(name: AssetName): string {
    return this.#paths.get(name) ?? '';
  }

  get(name: string): Asset | undefined {
    const known = ASSET_NAMES.find((asset) => asset === name);
    return known === undefined ? undefined : { name: known, text: this.#texts[known], type: TYPES[known] };
  }
}

/** Returns the FNV-1a hash of 64 bits to distinguish versions. It is not for security; Web Crypto is asynchronous. */
function fingerprint(text: string): string {
  let hash = 0xcbf29ce484222325n;
  for (const byte of new TextEncoder().encode(text)) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  return hash.toString(16).padStart(16, '0');
}
