/**
 * `node .ci/complete-lock.ts`: completes package-lock.json after an `npm install` from a registry that holds packages for
 * one platform only. npm leaves out optional packages that it could not look up, and `npm ci` then refuses the file. The
 * added entries have no integrity hash; a registry that holds the packages fills them in.
 */
import { readFileSync, writeFileSync } from 'node:fs';

type Package = {
  version?: string;
  dev?: boolean;
  optional?: boolean;
  os?: string[];
  cpu?: string[];
  libc?: string[];
  optionalDependencies?: Record<string, string>;
};

const PLATFORM = /(android|darwin|linux|win32)-(arm64|arm|x64|ia32)(?:-(musl))?$/;

/** @returns entries for optional packages that others name and the lock file lacks */
export function missingEntries(packages: Record<string, Package>): Record<string, Package> {
  const known = new Set(Object.keys(packages).map((path) => path.replace(/^.*node_modules\//, '')));
  const missing: Record<string, Package> = {};
  for (const { dev, optionalDependencies = {} } of Object.values(packages)) {
    for (const [name, version] of Object.entries(optionalDependencies)) {
      const [, os, cpu, libc] = PLATFORM.exec(name) ?? [];
      if (known.has(name) || os === undefined || cpu === undefined) continue;
      missing[`node_modules/${name}`] = {
        version: version.replace(/^v/, ''),
        cpu: [cpu],
        ...(dev ? { dev } : {}),
        ...(libc ? { libc: [libc] } : {}),
        optional: true,
        os: [os],
      };
    }
  }
  return missing;
}

if (import.meta.main) {
  const lock = JSON.parse(readFileSync('package-lock.json', 'utf8')) as { packages: Record<string, Package> };
  const missing = missingEntries(lock.packages);
  const all = Object.entries({ ...lock.packages, ...missing }).sort(([a], [b]) => a.localeCompare(b, 'en'));
  lock.packages = Object.fromEntries(all);
  writeFileSync('package-lock.json', `${JSON.stringify(lock, null, 2)}\n`);
  console.log(`${Object.keys(missing).length} entries added`);
}
