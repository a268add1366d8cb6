/** An entry of package-lock.json, as far as it matters here. */
interface LockEntry {
  readonly version?: string;
  readonly license?: string;
  readonly dev?: boolean;
  readonly os?: readonly string[];
  readonly libc?: readonly string[];
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta?: Readonly<Record<string, { readonly optional?: boolean }>>;
}

export interface Lock {
  readonly packages: Readonly<Record<string, LockEntry>>;
}

/** A package of the image. */
export interface Package {
  readonly name: string;
  readonly version: string;
  /** As npm installs it: `node_modules/pg`. */
  readonly path: string;
  /** SPDX; null where the package says nothing. */
  readonly licence: string | null;
}

/** What the image runs on: Linux with glibc. */
function runsInImage({ os, libc }: LockEntry): boolean {
  return (os === undefined || os.includes('linux')) && (libc === undefined || libc.includes('glibc'));
}

/**
 * What the programs need: everything that package.json's `dependencies` lead to. That is less than `npm ci --omit=dev` installs, which takes
 * optional packages of ours and what a package would merely use if it were there.
 */
export function neededPackages({ packages }: Lock): Package[] {
  const found = new Map<string, Package>();
  const visit = (from: string, names: string[], parentLicence: string | null): void => {
    for (const name of names) {
      const path = resolve(packages, from, name);
      if (path === undefined || found.has(path)) continue;
      const entry = packages[path] as LockEntry;
      if (!runsInImage(entry)) continue;
      // The programs of a package for each platform are packages of their own, under its licence.
      const licence = entry.license ?? parentLicence;
      found.set(path, { name, version: entry.version ?? '', path, licence });
      visit(path, namesNeededBy(entry), licence);
    }
  };
  visit('', Object.keys(packages['']?.dependencies ?? {}), null);
  return [...found.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
}

function namesNeededBy(entry: LockEntry): string[] {
  const { dependencies = {}, optionalDependencies = {}, peerDependencies = {}, peerDependenciesMeta = {} } = entry;
  const peers = Object.keys(peerDependencies).filter((name) => peerDependenciesMeta[name]?.optional !== true);
  return [...Object.keys(dependencies), ...Object.keys(optionalDependencies), ...peers];
}

/** Where Node finds a package that another one asks for: in its own folder, or in one further out. */
function resolve(packages: Lock['packages'], from: string, name: string): string | undefined {
  const folders = from === '' ? [] : from.split(/\/(?=node_modules\/)/);
  for (let depth = folders.length; depth >= 0; depth -= 1) {
    const path = [...folders.slice(0, depth), `node_modules/${name}`].join('/');
    if (packages[path] !== undefined) return path;
  }
  return undefined;
}

/** The paths that `npm ci --omit=dev` installs in the image. */
export function installedPaths({ packages }: Lock): string[] {
  return Object.entries(packages)
    .filter(([path, entry]) => path !== '' && entry.dev !== true && runsInImage(entry))
    .map(([path]) => path);
}
