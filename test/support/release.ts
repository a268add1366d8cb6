import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

const ROOT = resolve(import.meta.dirname, '..', '..');
const run = promisify(execFile);
const git = async (repository: string, ...words: string[]) =>
  (await run('git', ['-C', repository, ...words])).stdout.trim();

export interface Release {
  /** Its tag, such as `v0.2.0`. */
  readonly tag: string;
  /** Its files, with the packages of this project. */
  readonly folder: string;
  /** False where nothing has been released yet, and the last commit stands for it. */
  readonly isReal: boolean;
}

/** The newest release before this state, taken out of the repository into a folder of its own. */
export async function checkOutRelease(): Promise<Release> {
  const folder = await mkdtemp(join(tmpdir(), 'release-'));
  const tag = await newestTag(ROOT);
  if (tag !== undefined) return { tag, folder: await extract(ROOT, tag, join(folder, 'files')), isReal: true };
  const repository = join(folder, 'repository');
  await git(ROOT, 'clone', '--quiet', '--shared', '--no-checkout', '--no-tags', ROOT, repository);
  await git(repository, 'tag', 'v0.0.0');
  const first = await newestTag(repository);
  if (first === undefined) throw new Error('a repository with one tag has no newest tag');
  return { tag: first, folder: await extract(repository, first, join(folder, 'files')), isReal: false };
}

/** `v0.2.0` or `0.2.0`, of a commit that this state comes from. */
async function newestTag(repository: string): Promise<string | undefined> {
  const tags = await git(repository, 'tag', '--list', '--merged', 'HEAD', '--sort=-version:refname');
  return tags.split('\n').find((tag) => /^v?\d+\.\d+\.\d+$/.test(tag));
}

async function extract(repository: string, tag: string, folder: string): Promise<string> {
  await mkdir(folder);
  const archive = `${folder}.tar`;
  await git(repository, 'archive', '--format=tar', `--output=${archive}`, tag);
  await run('tar', ['-xf', archive, '-C', folder]);
  await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  return folder;
}
