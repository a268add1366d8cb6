import { comeIn, number, person } from '../../docs/scene.ts';
import { type ActingCallback, one } from '../../support/acting-callback.ts';
import type { TestDatabase } from '../../support/database.ts';
import { pushWorker } from '../../support/push-worker.ts';
import { addMember } from '../../support/samples.ts';

interface World {
  db: TestDatabase;
  callback: ActingCallback;
}

/** Somebody whose login is linked to their record, by a first login that brings no number. */
async function linked({ db, callback }: World, nth: number, recorded?: string) {
  const columns = recorded === undefined ? {} : { personnummer: recorded };
  const member = await addMember(db, callback.organization, { ...person(nth), ...columns });
  await comeIn(callback, nth);
  return member;
}

/** How a case of each kind comes about; each has people and numbers of its own. */
const makers = {
  async mismatch(world: World) {
    await linked(world, 0, number(0));
    await comeIn(world.callback, 0, number(1));
  },
  async duplicate(world: World) {
    await linked(world, 1);
    await addMember(world.db, world.callback.organization, {
      given_name: 'Other',
      family_name: 'Record',
      personnummer: number(2),
    });
    await comeIn(world.callback, 1, number(2));
  },
  async ambiguous(world: World) {
    const { given_name, family_name, phone } = person(2);
    for (let nth = 0; nth < 2; nth += 1) {
      await addMember(world.db, world.callback.organization, { given_name, family_name, phone });
    }
    await comeIn(world.callback, 2, number(3));
  },
  async name_mismatch(world: World) {
    await addMember(world.db, world.callback.organization, person(3));
    await comeIn(world.callback, 3, number(4), { family_name: 'Hansen' });
  },
  async subject_moved(world: World) {
    const asking = await addMember(world.db, world.callback.organization, {
      given_name: 'Asking',
      family_name: 'Member',
    });
    const holder = await linked(world, 4);
    await world.db.pool.query(
      `insert into registry.conflicts (organization_id, kind, member_id, other_member_id, observation_id, fingerprint)
       select organization_id, 'subject_moved', $1, $2, id, 'made for this test'
       from registry.observations where member_id = $2`,
      [asking.id, holder.id],
    );
  },
  async inconsistent(world: World) {
    await linked(world, 5, number(5));
    await comeIn(world.callback, 5, undefined, { absent_reason: 'inconsistent', inconsistency: 'numbers_differ' });
  },
  async consent_revoked(world: World) {
    await linked(world, 6, number(6));
    await world.callback.pool.query(
      `select login.record_revocation($1, 'vipps', 'person 6', 'CONSENT_REVOKED', clock_timestamp(), false)`,
      [world.callback.organization.slug],
    );
  },
  async push_failed(world: World) {
    const member = await linked(world, 7);
    await comeIn(world.callback, 7, number(7));
    const push = await one<{ id: string }>(world.db, 'select id from sync.pushes where member_id = $1', [member.id]);
    await pushWorker(world.db).attempt(push.id, { result: 'rejected', status: 422, code: 'http_4xx' });
  },
  async drift(world: World) {
    const member = await linked(world, 8, number(8));
    await world.db.pool.query(
      `select worker.report_drift(id, personnummer_index, 'another', '{v1.aaa}', '018150*****', false)
       from registry.members where id = $1`,
      [member.id],
    );
  },
  async member_system({ db, callback }: World) {
    await db.pool.query(`select private.open_member_system_case($1, 'http_401', '{"error_code": "http_401"}')`, [
      callback.organization.id,
    ]);
  },
};
export type MadeKind = keyof typeof makers;
export const madeKinds = Object.keys(makers) as MadeKind[];

/** @returns the id of a fresh case of this kind, which came about as it would in production */
export async function makeCase(kind: MadeKind, world: World): Promise<string> {
  await makers[kind](world);
  const { id } = await one<{ id: string }>(
    world.db,
    'select id from registry.conflicts where kind = $1 and closed_at is null order by opened_at desc limit 1',
    [kind],
  );
  return id;
}
