import { globSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** What the Dockerfile puts into the image. */
export interface Image {
  /** Files and folders of ours. */
  readonly copied: readonly string[];
  /** Files and folders inside these that stay out all the same. */
  readonly leftOut: readonly string[];
  /** Whether a package that npm has installed is taken out again. */
  readonly removes: (path: string) => boolean;
}

/**
 * @param dockerfile its text; `COPY` with several sources, and `rm -rf node_modules/…`
 * @param dockerignore its text: `*`, then `!` before each path that is let through, then paths inside these that are not
 */
export function readImage(dockerfile: string, dockerignore: string): Image {
  const copied = [...dockerfile.matchAll(/^COPY (.+) \S+$/gm)].flatMap(([, sources = '']) => sources.split(' '));
  const removed = [...dockerfile.matchAll(/rm -rf ((?:node_modules\/\S+ ?)+)/g)].flatMap(([, paths = '']) =>
    paths.trim().split(' '),
  );
  const patterns = removed.map((path) => new RegExp(`^${path.replaceAll('.', '\\.').replaceAll('*', '[^/]*')}(/|$)`));
  const leftOut = dockerignore.split('\n').filter((line) => /^[^!*#\s]/.test(line));
  return { copied, leftOut, removes: (path) => patterns.some((pattern) => pattern.test(path)) };
}

/** Every file of ours that is in the image, by its path from the root of the repository. */
export function filesOf({ copied, leftOut }: Image, root: string): string[] {
  return copied
    .flatMap((path) =>
      statSync(join(root, path)).isDirectory()
        ? globSync('**/*', { cwd: join(root, path) }).map((file) => `${path}/${file}`)
        : [path],
    )
    .filter((file) => !leftOut.some((path) => file === path || file.startsWith(`${path}/`)))
    .filter((file) => statSync(join(root, file)).isFile())
    .sort();
}
