import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
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
} as const;
export type AssetName = keyof typeof files;

/** Read once, when the program starts. */
export async function readAssets(): Promise<Assets> {
  const entries = await Promise.all(
    Object.entries(files).map(async ([name, from]) => [name, await readAsset(from)] as const),
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

async function readAsset(from: string): Promise<Asset> {
  const body = await readFile(fileURLToPath(import.meta.resolve(from)));
  if (from.endsWith('.woff2')) return { type: 'font/woff2', body, brotli: undefined };
  const params = { [constants.BROTLI_PARAM_QUALITY]: 9 };
  return { type: 'text/css; charset=utf-8', body, brotli: await promisify(brotliCompress)(body, { params }) };
}
