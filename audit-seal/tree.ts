import { hash } from 'node:crypto';

/** A SHA-256 hash: 32 bytes. */
export type Hash = Buffer;

/** A complete subtree of 2^level leaves; `index` counts those of its level from 0. */
export type Subtree = { readonly level: number; readonly index: number };

/** Hashes of subtrees from this level on are kept (`audit.nodes`). Smaller ones are hashed again where they are needed (private.subtree_hash). */
export const smallestKeptLevel = 8;

/** Leaves `begin` to `end`, without `end`. */
type Range = { readonly begin: number; readonly end: number };

/** RFC 6962, section 2.1: leaves and nodes are told apart by the first byte, so that neither can be passed off as the other. */
const leafInput = Buffer.alloc(33);
const nodeInput = Buffer.alloc(65, 1);

const sha256 = (bytes: Uint8Array): Hash => hash('sha256', bytes, 'buffer');

/** The root of a tree without leaves. */
export const emptyRoot: Hash = sha256(Buffer.alloc(0));

/** The hash of a leaf. @param entry what it stands for, of any length */
export function hashLeaf(entry: Uint8Array): Hash {
  const input = entry.length === 32 ? leafInput : Buffer.alloc(1 + entry.length);
  input.set(entry, 1);
  return sha256(input);
}

/** The hash of two halves. */
export function hashNode(left: Hash, right: Hash): Hash {
  nodeInput.set(left, 1);
  nodeInput.set(right, 33);
  return sha256(nodeInput);
}

/**
 * A tree that grows at its right edge and remembers the complete subtrees only that it consists of: 53 hashes at most,
 * however many leaves there are.
 */
export class GrowingTree {
  #size: number;
  readonly #peaks: Hash[];

  /** @param peaks the roots of `subtreesOf(0, size)` */
  constructor(size = 0, peaks: readonly Hash[] = []) {
    if (peaks.length !== subtreesOf({ begin: 0, end: size }).length) throw new Error('tree_incomplete');
    this.#size = size;
    this.#peaks = [...peaks];
  }

  get size(): number {
    return this.#size;
  }

  /** Appends a leaf. @param onNode hears of each subtree that it completes, small ones first */
  append(leafHash: Hash, onNode?: (subtree: Subtree, hash: Hash) => void): void {
    let last = leafHash;
    let level = 0;
    let index = this.#size;
    while (index % 2 === 1) {
      last = hashNode(this.#peaks.pop() as Hash, last);
      level += 1;
      index = (index - 1) / 2;
      onNode?.({ level, index }, last);
    }
    this.#peaks.push(last);
    this.#size += 1;
  }

  copy(): GrowingTree {
    return new GrowingTree(this.#size, this.#peaks);
  }

  root(): Hash {
    return join(this.#peaks);
  }
}

/** The complete subtrees that leaves `begin` to `end` consist of, from left to right; `begin` is 0 or where a subtree begins. */
export function subtreesOf({ begin, end }: Range): Subtree[] {
  const found: Subtree[] = [];
  for (let at = begin; at < end; ) {
    const level = Math.floor(Math.log2(end - at));
    // The logarithm of a large number may be rounded up.
    const fitting = 2 ** level > end - at ? level - 1 : level;
    found.push({ level: fitting, index: at / 2 ** fitting });
    at += 2 ** fitting;
  }
  return found;
}

/** The root of neighbouring complete subtrees, the largest first. */
function join(hashes: readonly Hash[]): Hash {
  return hashes.length === 0 ? emptyRoot : hashes.reduceRight((right, left) => hashNode(left, right));
}

/** What looks up the hashes of complete subtrees, in the order asked. */
export type ReadSubtrees = (subtrees: readonly Subtree[]) => Promise<Hash[]>;

/** The root that a tree had when it had `size` leaves. */
export async function rootAt(size: number, read: ReadSubtrees): Promise<Hash> {
  return join(await read(subtreesOf({ begin: 0, end: size })));
}

/** The parts of a consistency proof (RFC 6962, section 2.1.2), each as the leaves below it. */
function consistencyParts(from: number, { begin, end }: Range, whole: boolean): Range[] {
  if (from === end - begin) return whole ? [] : [{ begin, end }];
  const half = largestPowerBelow(end - begin);
  const middle = begin + half;
  return from <= half
    ? [...consistencyParts(from, { begin, end: middle }, whole), { begin: middle, end }]
    : [...consistencyParts(from - half, { begin: middle, end }, false), { begin, end: middle }];
}

/**
 * Proves that the first `from` leaves of a tree of `to` leaves are what they were.
 *
 * @param from at least 1 and at most `to`
 * @returns the hashes in the order of RFC 6962; none where both sizes are the same
 */
export async function proveConsistency(from: number, to: number, read: ReadSubtrees): Promise<Hash[]> {
  const parts = consistencyParts(from, { begin: 0, end: to }, true).map(subtreesOf);
  const hashes = await read(parts.flat());
  let at = 0;
  return parts.map(({ length }) => {
    at += length;
    return join(hashes.slice(at - length, at));
  });
}

/** Proves that one leaf is in a tree of `size` leaves. @returns the hashes beside its way to the root, lowest first (RFC 6962, 2.1.1) */
export async function proveInclusion(index: number, size: number, read: ReadSubtrees): Promise<Hash[]> {
  const beside: Range[] = [];
  let within: Range = { begin: 0, end: size };
  while (within.end - within.begin > 1) {
    const middle = within.begin + largestPowerBelow(within.end - within.begin);
    const [left, right] = [
      { begin: within.begin, end: middle },
      { begin: middle, end: within.end },
    ];
    within = index < middle ? left : right;
    beside.unshift(index < middle ? right : left);
  }
  const hashes: Hash[] = [];
  for (const range of beside) hashes.push(join(await read(subtreesOf(range))));
  return hashes;
}

function largestPowerBelow(n: number): number {
  let power = 1;
  while (power * 2 < n) power *= 2;
  return power;
}

/**
 * Whether a tree of `to` leaves goes on where one of `from` leaves stopped (RFC 9162, section 2.1.4.2). From an empty tree
 * nothing can be proved: that is false.
 */
export function isConsistent(
  from: { readonly size: number; readonly root: Hash },
  to: { readonly size: number; readonly root: Hash },
  proof: readonly Hash[],
): boolean {
  if (!isSize(from.size) || !isSize(to.size) || from.size > to.size) return false;
  if (from.size === to.size) return proof.length === 0 && from.root.equals(to.root);
  if (![from.root, to.root, ...proof].every(isHash)) return false;
  const path = isPowerOfTwo(from.size) ? [from.root, ...proof] : [...proof];
  const first = path.shift();
  if (first === undefined || proof.length === 0) return false;
  const way = new Way(from.size - 1, to.size - 1);
  while (way.isRight()) way.up();
  let [old, whole] = [first, first];
  for (const next of path) {
    if (way.atTop()) return false;
    if (way.isRight() || way.isLast()) {
      old = hashNode(next, old);
      whole = hashNode(next, whole);
      way.upToRight();
    } else {
      whole = hashNode(whole, next);
    }
    way.up();
  }
  return way.atTop() && old.equals(from.root) && whole.equals(to.root);
}

/** Whether a leaf is at this place of a tree (RFC 9162, section 2.1.3.2). */
export function isIncluded(
  leaf: { readonly index: number; readonly hash: Hash },
  tree: { readonly size: number; readonly root: Hash },
  proof: readonly Hash[],
): boolean {
  if (![leaf.hash, tree.root, ...proof].every(isHash)) return false;
  if (!Number.isSafeInteger(leaf.index) || leaf.index < 0) return false;
  if (!isSize(tree.size) || leaf.index >= tree.size) return false;
  const way = new Way(leaf.index, tree.size - 1);
  let hashed = leaf.hash;
  for (const next of proof) {
    if (way.atTop()) return false;
    if (way.isRight() || way.isLast()) {
      hashed = hashNode(next, hashed);
      way.upToRight();
    } else {
      hashed = hashNode(hashed, next);
    }
    way.up();
  }
  return way.atTop() && hashed.equals(tree.root);
}

/** The way from a leaf to the root: which node of its level we are at (`fn` of the RFC), and which is the last one (`sn`). */
class Way {
  #at: number;
  #last: number;

  constructor(at: number, last: number) {
    this.#at = at;
    this.#last = last;
  }

  isRight = (): boolean => this.#at % 2 === 1;
  isLast = (): boolean => this.#at === this.#last;
  atTop = (): boolean => this.#last === 0;

  up(): void {
    this.#at = Math.floor(this.#at / 2);
    this.#last = Math.floor(this.#last / 2);
  }

  /** Over levels where the right edge has no sibling. */
  upToRight(): void {
    while (!this.isRight() && this.#at !== 0) this.up();
  }
}

const isHash = (bytes: Uint8Array): boolean => bytes.length === 32;
const isSize = (n: number): boolean => Number.isSafeInteger(n) && n >= 1;
const isPowerOfTwo = (n: number): boolean => 2 ** Math.round(Math.log2(n)) === n;
