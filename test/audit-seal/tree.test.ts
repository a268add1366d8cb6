import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { test } from 'vitest';
import {
  emptyRoot,
  GrowingTree,
  type Hash,
  hashLeaf,
  hashNode,
  isConsistent,
  isIncluded,
  proveConsistency,
  proveInclusion,
  type ReadSubtrees,
  rootAt,
} from '../../audit-seal/tree.ts';

const hex = (text: string) => Buffer.from(text, 'hex');
const base64 = (text: string) => Buffer.from(text, 'base64');
const vectors = (name: string) => JSON.parse(readFileSync(new URL(`vectors/${name}.json`, import.meta.url), 'utf8'));

// transparency-dev/merkle, testonly/constants.go: the eight leaves that its own tests use, and the root after each.
const LEAVES = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f'];
const ROOTS = [
  'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
];

test('hashes of RFC 6962: nothing, a leaf, a node', () => {
  assert.equal(emptyRoot.toString('hex'), ROOTS[0]);
  assert.match(hashLeaf(Buffer.from('L123456')).toString('hex'), /^395aa064.*252b4d56$/);
  const pair = hashNode(hashLeaf(Buffer.alloc(0)), hashLeaf(hex('00')));
  assert.equal(pair.toString('hex'), ROOTS[2]);
});

test('the root after each of the eight standard leaves', () => {
  const tree = new GrowingTree();
  const roots = [tree.root()];
  for (const leaf of LEAVES) {
    tree.append(hashLeaf(hex(leaf)));
    roots.push(tree.root());
  }
  assert.deepEqual(
    roots.map((root) => root.toString('hex')),
    ROOTS,
  );
});

type Consistency = {
  file: string;
  size1: number;
  size2: number;
  root1: string;
  root2: string;
  proof: string[] | null;
  wantErr: boolean;
};

test('98 public consistency proofs, good and broken', () => {
  const all: Consistency[] = vectors('consistency');
  assert.equal(all.length, 98);
  assert.ok(all.some(({ wantErr }) => !wantErr));
  for (const { file, size1, size2, root1, root2, proof, wantErr } of all) {
    const from = { size: size1, root: base64(root1) };
    const to = { size: size2, root: base64(root2) };
    assert.equal(isConsistent(from, to, (proof ?? []).map(base64)), !wantErr, file);
  }
});

type Inclusion = {
  file: string;
  leafIdx: number;
  treeSize: number;
  root: string;
  leafHash: string;
  proof: string[] | null;
  wantErr: boolean;
};

test('98 public inclusion proofs, good and broken', () => {
  const all: Inclusion[] = vectors('inclusion');
  assert.equal(all.length, 98);
  for (const { file, leafIdx, treeSize, root, leafHash, proof, wantErr } of all) {
    const leaf = { index: leafIdx, hash: base64(leafHash) };
    const tree = { size: treeSize, root: base64(root) };
    assert.equal(isIncluded(leaf, tree, (proof ?? []).map(base64)), !wantErr, file);
  }
});

/** A tree that keeps every subtree it completes. */
function grown(size: number) {
  const kept = new Map<string, Hash>();
  const tree = new GrowingTree();
  for (let n = 0; n < size; n += 1) {
    const leaf = hashLeaf(Buffer.from(String(n)));
    kept.set(`0 ${n}`, leaf);
    tree.append(leaf, ({ level, index }, hash) => kept.set(`${level} ${index}`, hash));
  }
  const read: ReadSubtrees = async (subtrees) =>
    subtrees.map(({ level, index }) => {
      const hash = kept.get(`${level} ${index}`);
      assert.ok(hash, `subtree ${level} ${index} is complete`);
      return hash;
    });
  return { tree, read };
}

const sizes = fc.tuple(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 0, max: 300 }));

test('what is proved from complete subtrees verifies, and no longer when one bit differs', () =>
  fc.assert(
    fc.asyncProperty(sizes, fc.nat(), async ([from, more], pick) => {
      const to = from + more;
      const { tree, read } = grown(to);
      const old = { size: from, root: await rootAt(from, read) };
      const now = { size: to, root: tree.root() };
      assert.ok(old.root.equals(grown(from).tree.root()));
      const proof = await proveConsistency(from, to, read);
      assert.ok(isConsistent(old, now, proof));
      const index = pick % to;
      const [hash] = await read([{ level: 0, index }]);
      const inclusion = await proveInclusion(index, to, read);
      assert.ok(isIncluded({ index, hash: hash as Hash }, now, inclusion));
      const flipped = (hashes: Hash[]) =>
        hashes.map((hash, at) => {
          const bit = Buffer.alloc(32);
          if (at === pick % hashes.length) bit[pick % 32] = 1 << (pick % 8);
          return Buffer.from(hash.map((byte, n) => byte ^ (bit[n] as number)));
        });
      if (proof.length > 0) assert.ok(!isConsistent(old, now, flipped(proof)));
      if (inclusion.length > 0) assert.ok(!isIncluded({ index, hash: hash as Hash }, now, flipped(inclusion)));
    }),
    { numRuns: 60 },
  ));

test('a tree goes on from the subtrees it consists of', async () => {
  const { tree, read } = grown(11);
  const peaks = await read([
    { level: 3, index: 0 },
    { level: 1, index: 4 },
    { level: 0, index: 10 },
  ]);
  const resumed = new GrowingTree(11, peaks);
  assert.ok(resumed.root().equals(tree.root()));
  for (const one of [tree, resumed]) one.append(hashLeaf(Buffer.from('next')));
  assert.ok(resumed.root().equals(tree.root()));
  assert.throws(() => new GrowingTree(11, peaks.slice(1)), /tree_incomplete/);
});
