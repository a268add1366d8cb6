import { type KeyObject, randomUUID } from 'node:crypto';
import { CompactSign } from 'jose';
import type { ErasureLedger } from '../runtime/erasure-ledger.ts';
import type { WorkerDatabase } from './database.ts';
import type { Erasure } from './database-rows.ts';
import { Failure } from './failure.ts';

/** Signs receipts: the audit's key, so that whoever can verify the audit can verify a receipt. */
export interface ReceiptSigner {
  /** The name under which the public key is known. */
  readonly name: string;
  /** Ed25519, private. */
  readonly key: KeyObject;
}

export interface ErasureOptions {
  readonly database: Pick<WorkerDatabase, 'readErasure' | 'finishErasure' | 'storeReceipt'>;
  /** Null: none is kept. */
  readonly ledger: Pick<ErasureLedger, 'record'> | null;
  readonly signer: ReceiptSigner;
}

/**
 * Carries an announced erasure out: ledger, database, receipt, in this order. Each step may be done twice, so whoever is killed between
 * two of them is followed by somebody who begins again.
 *
 * @returns the erasure as it is then
 * @throws Failure `erasure_unknown`, `database_failed`, and what the ledger throws: then nothing is erased
 */
export async function carryOutErasure(id: string, { database, ledger, signer }: ErasureOptions): Promise<Erasure> {
  const announced = await readErasure(id, database);
  if (announced.state === 'announced') {
    await ledger?.record(announced);
    await database.finishErasure(id, ledger !== null);
  }
  const erased = await readErasure(id, database);
  if (!erased.has_receipt) await database.storeReceipt(id, await signReceipt(erased, signer));
  return erased;
}

async function readErasure(id: string, database: Pick<WorkerDatabase, 'readErasure'>): Promise<Erasure> {
  const erasure = await database.readErasure(id);
  if (erasure === null) throw new Failure('erasure_unknown');
  return erasure;
}

/** What stays, and why: said on the receipt, because a person may ask. */
const kept = {
  'audit.erasures': 'That a person was erased, when, and why; it names nobody.',
  'audit.erased_records': 'A digest of the member number, so that no import brings the person back.',
  'registry.members': 'An empty row that counted rows refer to.',
  'registry.observations': 'That somebody logged in, when, and what came of it.',
  'registry.conflicts': 'That there was a case, and how it was settled.',
  'sync.pushes': 'That something was sent, and when.',
  'audit.events': 'That something happened, when, and by whom; not what.',
  backups: 'Backups from before are kept for as long as the organisation keeps backups.',
};

/**
 * The receipt: a compact JWS (EdDSA) whose payload lists every table and how many rows were erased in it. It names nobody; its digest of the
 * member number is the one of the database.
 */
async function signReceipt(erasure: Erasure, { name, key }: ReceiptSigner): Promise<string> {
  const payload = {
    receipt_id: randomUUID(),
    erasure_id: erasure.id,
    organization: erasure.organization,
    organization_name: erasure.organization_name,
    announced_at: erasure.announced_at,
    recorded_in_ledger_at: erasure.recorded_at,
    erased_at: erasure.erased_at,
    records: erasure.records.map(({ external_id_digest }) => ({ external_id_digest })),
    erased: erasure.counts,
    member_system: erasure.removal,
    kept,
  };
  return new CompactSign(new TextEncoder().encode(JSON.stringify(payload)))
    .setProtectedHeader({ alg: 'EdDSA', kid: name, typ: 'erasure-receipt+jws' })
    .sign(key);
}
