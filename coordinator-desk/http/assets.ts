import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { brotliCompress, constants } from 'node:zlib';

interface Asset {
  type: string;
  body: Buffer<ArrayBuffer>;
  /** Undefined: compressing gains nothing. */
  brotli: Buffer<ArrayBuffer> | undefined;
}

/** What the pages load, all of it from here. */
export interface Assets {
  /** The address of a file: a digest of them all stands in it, so that a browser may keep it for good. */
  url(name: AssetName): string;
  find(digest: string, name: string): Asset | undefined;
}

const files = {
  'designsystemet.css': '@digdir/designsystemet-css',
  'theme.css': '@digdir/designsystemet-css/theme',
  'desk.css': '../pages/desk.css',
  'inter.woff2': '@fontsource-variable/inter/files/inter-latin-wght-normal.woff2',
  'inter-ext.woff2': '@fontsource-variable/inter/files/inter-latin-ext-wght-normal.woff2',
  'key-file.js': '../browser/key-file.js',
  'make-key.js': '../browser/make-key.js',
  'show-number.js': '../browser/show-number.js',
} as const;
type AssetName = keyof typeof files;

/** Read once, when the program starts. */
export async function readAssets(): Promise<Assets> {
  const entries = await Promise.all(
    [...Object.entries(files), ...(await joseFiles())].map(
      async ([name, from]) => [name, await readAsset(from)] as const,
    ),
  );
  const assets = new Map<string, Asset>(entries);
  const hash = createHash('sha256');
  for (const [name, { body }] of assets) hash.update(name).update(body);
  const digest = hash.digest('base64url').slice(0, 16);
  return {
    url: (name) => `/assets/${digest}/${name}`,
    find: (asked, name) => (asked === digest ? assets.get(name) : undefined),
  };
}

/** jose as it is made for browsers: our scripts load its modules from beside them. */
async function joseFiles(): Promise<[name: string, from: string][]> {
  const folder = new URL('.', import.meta.resolve('jose'));
  const names = await readdir(folder, { recursive: true });
  return names
    .filter((name) => name.endsWith('.js'))
    .sort()
    .map((name) => [`jose/${name}`, new URL(name, folder).href]);
}

async function readAsset(from: string): Promise<Asset> {
  const body = await readFile(fileURLToPath(import.meta.resolve(from)));
  if (from.endsWith('.woff2')) return { type: 'font/woff2', body, brotli: undefined };
  // Done at each start: 9 takes nine times as long, for files that a browser loads once.
  const params = { [constants.BROTLI_PARAM_QUALITY]: 5 };
  const type = from.endsWith('.js') ? 'text/javascript; charset=utf-8' : 'text/css; charset=utf-8';
  return { type, body, brotli: await promisify(brotliCompress)(body, { params }) };
}
