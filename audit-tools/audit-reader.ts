import type { Pool } from 'pg';
import { sealedColumns, selectSealedColumns } from '../audit-seal/event.ts';
import { parseVerifierKey, type Verifier } from '../audit-seal/note.ts';
import type { Hash, Subtree } from '../audit-seal/tree.ts';

/** A leaf, with what there is of its event. */
export type LeafRow = {
  readonly index: number;
  readonly eventId: string;
  readonly hash: Hash;
  /** (epoch, transaction, id), the order of sealing. */
  readonly key: EventKey;
  readonly salt: Buffer | null;
  /** Of `sealedColumns`, in their order; null: the event is gone. */
  readonly event: readonly (string | null)[] | null;
};

export type EventKey = readonly [epoch: bigint, transaction: bigint, id: bigint];

export type CheckpointRow = { readonly size: number; readonly root: Hash; readonly note: string };

export type EpochRow = {
  readonly epoch: number;
  readonly began_at: Date;
  readonly reason: string;
  readonly tree_size: string;
  readonly lost_checkpoint: string | null;
};

/** A group of events that were redacted at one moment, with the digest over what is left of them. */
export type Redaction = {
  readonly redactedAt: string;
  readonly events: number;
  readonly firstEvent: string;
  readonly digest: string;
};

const leavesPage = `select l.leaf_index::text, l.event_id::text, l.leaf_hash, l.epoch::text, l.transaction_id::text, s.salt,
    ${selectSealedColumns}
  from audit.leaves as l left join audit.events as e on e.id = l.event_id left join audit.salts as s on s.event_id = l.event_id
  where l.leaf_index > $1 and l.leaf_index < $2 order by l.leaf_index limit $3`;

const redacted = `jsonb_build_array(e.id, case when isfinite(e.occurred_at) then (extract(epoch from e.occurred_at) * 1000000)::bigint end,
  e.organization_id, e.event, e.source, e.actor, e.message, e.member_id, e.observation_id, e.conflict_id, e.push_id, e.transaction_id::text,
  e.epoch)::text`;

// As private.digest_erasure makes it: a function of the database is not believed.
const changedErasures = `with erased as (
    select u.id::text as erasure, encode(sha256(convert_to(jsonb_build_array(u.id, u.organization_id, u.member_id, u.reason, u.requested_by,
      u.approved_by, u.conflict_id, (extract(epoch from u.announced_at) * 1000000)::bigint, (extract(epoch from u.erased_at) * 1000000)::bigint,
      u.counts, (select jsonb_agg(jsonb_build_array(r.member_id, encode(r.external_id_digest, 'hex')) order by r.member_id)
        from audit.erased_records as r where r.erasure_id = u.id))::text, 'UTF8')), 'hex') as digest
    from audit.erasures as u where u.state = 'erased'
  ), said as (
    select e.detail ->> 'erasure_id' as erasure, e.detail ->> 'digest' as digest, e.id::text as event
    from audit.events as e where e.event = 'member_erased'
  )
  select erasure, s.event, u.digest is null as removed from erased as u full join said as s using (erasure)
  where u.digest is distinct from s.digest order by erasure limit 100`;

const behind = `from audit.events as e where (e.epoch, e.transaction_id, e.id) <= ($1::integer, $2::text::xid8, $3::bigint)
  and not exists (select from audit.leaves as l where l.event_id = e.id)`;

const leavesQuery = { name: 'leaves', text: leavesPage, rowMode: 'array' } as const;

/**
 * Reads the sealed audit with an auditor's rights, a page at a time: nothing of it grows with the number of events.
 *
 * @param pool two connections: a page is looked up while the one before it is compared
 */
export function createAuditReader(pool: Pool) {
  const fixed = 6;
  const id = fixed + sealedColumns.indexOf('id');
  const query = async <Row>(text: string, values: unknown[] = []) => (await pool.query({ text, values })).rows as Row[];
  const reader = {
    /** Leaves after one index and before another, in their order. */
    async leavesAfter(index: number, end: number, most: number): Promise<LeafRow[]> {
      const { rows } = await pool.query<unknown[]>({ ...leavesQuery, values: [index, end, most] });
      return rows.map((row) => {
        const [leaf, eventId, hash, epoch, transaction, salt] = row as [
          string,
          string,
          Buffer,
          string,
          string,
          Buffer | null,
        ];
        return {
          index: Number(leaf),
          eventId,
          hash,
          key: [BigInt(epoch), BigInt(transaction), BigInt(eventId)],
          salt,
          event: row[id] === null ? null : (row.slice(fixed) as (string | null)[]),
        };
      });
    },
    /** The leaf of an event, where it has one. */
    async leafOf(eventId: string): Promise<LeafRow | undefined> {
      const [at] = await query<{ index: string }>(
        'select leaf_index::text as index from audit.leaves where event_id = $1',
        [eventId],
      );
      return at && (await reader.leavesAfter(Number(at.index) - 1, Number(at.index) + 1, 1))[0];
    },
    /** How many leaves there are. */
    async countLeaves(): Promise<number> {
      const [row] = await query<{ n: string }>('select coalesce(max(leaf_index) + 1, 0) as n from audit.leaves');
      return Number(row?.n);
    },
    /** How many events the newest checkpoint covers; 0: there is none. */
    async newestCheckpoint(): Promise<number> {
      const [row] = await query<{ n: string }>('select coalesce(max(tree_size), 0) as n from audit.checkpoints');
      return Number(row?.n);
    },
    async checkpointsAfter(size: number, newest: number, most: number): Promise<CheckpointRow[]> {
      const rows = await query<{ size: string; root: Buffer; note: string }>(
        `select tree_size::text as size, root_hash as root, signed_note as note from audit.checkpoints
         where tree_size > $1 and tree_size <= $2 order by tree_size limit $3`,
        [size, newest, most],
      );
      return rows.map(({ size, root, note }) => ({ size: Number(size), root, note }));
    },
    /** The kept hashes of these subtrees, in order; undefined for what is not there. */
    async nodes(subtrees: readonly Subtree[]): Promise<(Hash | undefined)[]> {
      const rows = await query<{ place: string; node_hash: Buffer }>(
        `select w.place, n.node_hash from unnest($1::smallint[], $2::bigint[]) with ordinality as w(level, node_index, place)
         join audit.nodes as n on n.level = w.level and n.node_index = w.node_index`,
        [subtrees.map(({ level }) => level), subtrees.map(({ index }) => index)],
      );
      const found = new Map(rows.map(({ place, node_hash }) => [Number(place), node_hash]));
      return subtrees.map((_, at) => found.get(at + 1));
    },
    /** The first events that have no leaf although later ones have, at most ten. */
    eventsBehind([epoch, transaction, id]: EventKey): Promise<{ id: string; occurred_at: Date }[]> {
      return query(`select e.id::text, e.occurred_at ${behind} order by e.epoch, e.transaction_id, e.id limit 10`, [
        String(epoch),
        String(transaction),
        String(id),
      ]);
    },
    async countUnsealed([epoch, transaction, id]: EventKey): Promise<number> {
      const [row] = await query<{ n: string }>(
        `select count(*) as n from audit.events as e
         where (e.epoch, e.transaction_id, e.id) > ($1::integer, $2::text::xid8, $3::bigint)`,
        [String(epoch), String(transaction), String(id)],
      );
      return Number(row?.n);
    },
    /** Each group of redacted events. The digest is over what is left of each, in the order of ids, with commas between (audit.redact_events). */
    redactions: (): Promise<Redaction[]> =>
      query(
        `select e.redacted_at::text as "redactedAt", count(*)::int as events, min(e.id)::text as "firstEvent",
           encode(sha256(convert_to(string_agg(${redacted}, ',' order by e.id), 'UTF8')), 'hex') as digest
         from audit.events as e where e.redacted_at is not null group by e.redacted_at order by min(e.id)`,
      ),
    /** The digests that redacting has recorded. */
    async recordedRedactions(): Promise<Set<string>> {
      const rows = await query<{ digest: string | null }>(
        `select e.detail ->> 'digest' as digest from audit.events as e where e.event = 'events_redacted'`,
      );
      return new Set(rows.flatMap(({ digest }) => digest ?? []));
    },
    /** Erasures that are not as the event says that was written when each was carried out; a hundred at most. `event` is null: there is none. */
    changedErasures: (): Promise<{ erasure: string; event: string | null; removed: boolean }[]> =>
      query(changedErasures),
    /** The keys that the database itself names. */
    async keys(): Promise<Verifier[]> {
      const rows = await query<{ verifier_key: string }>('select verifier_key from audit.sealing_keys order by 1');
      return rows.flatMap(({ verifier_key }) => parseVerifierKey(verifier_key) ?? []);
    },
    epochs: (): Promise<EpochRow[]> =>
      query('select epoch, began_at, reason, tree_size, lost_checkpoint from audit.epochs order by epoch'),
  };
  return reader;
}

export type AuditReader = ReturnType<typeof createAuditReader>;
