import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { consoleOutput, runCommand } from '../runtime/command-line.ts';
import { filesOf, readImage } from './image.ts';
import { licencePage, notAllowed } from './licences.ts';
import { type Lock, neededPackages } from './packages.ts';
import { npmSbom, ofImage } from './sbom.ts';

const ROOT = join(import.meta.dirname, '..');

/** `npm run release:build`. */
process.exitCode = await runCommand(
  {
    name: 'release:build',
    synopsis: '[FOLDER]',
    about:
      'Writes what is handed out beside the image into FOLDER (.release): sbom.cdx.json, its packages (CycloneDX); licences.md, their licences;\nfiles.sha256, its own files with their digests. Refuses a package whose licence does not allow any use.',
    words: [0, 1],
  },
  process.argv.slice(2),
  consoleOutput,
  async ({ words: [folder = join(ROOT, '.release')] }) => {
    const packages = neededPackages(JSON.parse(read('package-lock.json')) as Lock);
    const refused = notAllowed(packages);
    for (const { name, version, licence } of refused)
      console.error(
        `${name} ${version}: ${licence ?? 'no licence'} is not one that allows any use (release/licences.ts)`,
      );
    if (refused.length > 0) return 1;
    const files = filesOf(readImage(read('Dockerfile'), read('.dockerignore')), ROOT);
    const digests = files.map((file) => `${digestOf(readFileSync(join(ROOT, file)))}  ${file}\n`);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'sbom.cdx.json'), `${JSON.stringify(ofImage(npmSbom(ROOT), packages), null, 2)}\n`);
    writeFileSync(join(folder, 'licences.md'), licencePage(packages));
    writeFileSync(join(folder, 'files.sha256'), digests.join(''));
    console.log(`${folder}: ${packages.length} packages, ${files.length} files of ours`);
    return 0;
  },
);

function read(file: string): string {
  return readFileSync(join(ROOT, file), 'utf8');
}

function digestOf(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}
