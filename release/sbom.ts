import { execFileSync } from 'node:child_process';
import type { Package } from './packages.ts';

interface Component {
  readonly 'bom-ref': string;
  readonly name: string;
  readonly version: string;
  readonly properties?: readonly { readonly name: string; readonly value: string }[];
}

/** A CycloneDX document, as far as it is looked at here. */
export interface Sbom {
  readonly bomFormat: string;
  readonly specVersion: string;
  readonly components: readonly Component[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[];
}

/** npm's own list of what package-lock.json names. (With `--omit=dev` it leaves out what both production and development use.) */
export function npmSbom(root: string): Sbom {
  const words = ['sbom', '--package-lock-only', '--sbom-format=cyclonedx', '--sbom-type=application'];
  return JSON.parse(execFileSync('npm', words, { cwd: root, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 }));
}

/** The part of it that is in the image. */
export function ofImage(sbom: Sbom, packages: readonly Package[]): Sbom {
  const inImage = new Set(packages.map(({ name, version }) => `${name}@${version}`));
  const components = sbom.components.filter((component) => inImage.has(component['bom-ref']));
  const root = sbom.dependencies.find(({ ref }) => !sbom.components.some((component) => component['bom-ref'] === ref));
  const kept = new Set([...components.map((component) => component['bom-ref']), root?.ref]);
  return {
    ...sbom,
    components,
    dependencies: sbom.dependencies
      .filter(({ ref }) => kept.has(ref))
      .map(({ ref, dependsOn }) => ({ ref, dependsOn: dependsOn.filter((each) => kept.has(each)) })),
  };
}
