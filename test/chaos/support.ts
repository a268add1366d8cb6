import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { artifactsFolder } from '../support/artifacts.ts';
import type { Invariant } from './invariants.ts';

/** Where a run's logs go, beside those of all other tests. */
export function logFolder(name: string): string {
  return mkdtempSync(join(artifactsFolder(), `chaos-${name}-`));
}

/** A fresh one each time, unless `CHAOS_SEED` asks for a certain one. */
export function chooseSeed(): number {
  return Number(process.env.CHAOS_SEED ?? randomInt(2 ** 31));
}

/** Fails naming what is broken. */
export function assertHolds(invariants: readonly Invariant[]): void {
  const broken = invariants.filter((invariant) => invariant.broken.length > 0);
  assert.deepEqual(broken, []);
}
