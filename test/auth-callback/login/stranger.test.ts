import assert from 'node:assert/strict';
import { test } from 'vitest';
import { inCase } from '../../support/in-case.ts';
import { addMember } from '../../support/samples.ts';
import { comeBack, type Ended, logIn, type Started, shapeOf, start } from '../support/browser.ts';
import type { Person } from '../support/provider.ts';
import { samplePerson, startWorld, type World } from '../support/world.ts';

// That somebody is a member says something about health. A stranger writes somebody else's e-mail address or phone number into their own
// account at the provider, where nobody has verified it, and logs in.

const someone = { given_name: 'Ingrid', family_name: 'Solberg', birthdate: '1990-05-17' };
const own = {
  phone_number: '4798000001',
  phone_number_verified: true,
  email: 'ingrid@example.no',
  email_verified: true,
};

/** What a stranger, who is a member or not, may write; `of` is a person who is a member, or one who is not. */
type Target = { email: string; phone: string };
const WAYS: Record<string, (of: Target) => Record<string, unknown>> = {
  'an unverified e-mail': ({ email }) => ({ ...own, email, email_verified: false }),
  'an e-mail that is verified in words only': ({ email }) => ({ ...own, email, email_verified: 'true' }),
  'an unverified phone': ({ phone }) => ({ ...own, phone_number: phone, phone_number_verified: false }),
  both: ({ email, phone }) => ({ email, email_verified: false, phone_number: phone, phone_number_verified: false }),
  'an e-mail and no phone': ({ email }) => ({ phone_number: undefined, email, email_verified: false }),
};
const ASKED: Record<string, Record<string, unknown>> = {
  'a stranger': { ...someone, nin: undefined },
  'a stranger with a number': { ...someone, nin: '17858433347' },
  'a stranger with the name and birth date of the target': {
    given_name: 'Kari',
    family_name: 'Nordmann',
    birthdate: '1972-03-08',
  },
};

const MEMBER: Target = { email: 'kari@example.no', phone: '4791234567' };
const NOBODY: Target = { email: 'kara@example.no', phone: '4791234568' };

let nth = 0;
function stranger(claims: Record<string, unknown>): Person {
  nth += 1;
  return { ...samplePerson({ nin: undefined, ...claims }), sub: `stranger-${nth}` };
}

/** A whole login, and how long the answer to the callback took (milliseconds). */
async function attempt(world: World, claims: Record<string, unknown>): Promise<Ended & Started & { took: number }> {
  const started = await start(world);
  const back = world.provider.authorize(started.address, stranger(claims));
  const askedAt = performance.now();
  const ended = await comeBack(world, back, started.cookie);
  return { ...started, ...ended, took: performance.now() - askedAt };
}

test('an answer does not tell whether somebody else is a member, whatever of theirs a stranger writes; a coordinator is asked', async () => {
  await using world = await startWorld();
  const cases = async () => (await world.db.pool.query('select count(*)::int as n from registry.conflicts')).rows[0].n;
  for (const [who, claims] of Object.entries(ASKED)) {
    for (const [what, way] of Object.entries(WAYS)) {
      await inCase(`${who}: ${what}`, async () => {
        const before = await cases();
        const ofNobody = await attempt(world, { ...claims, ...way(NOBODY) });
        assert.equal(ofNobody.error, 'member_not_found');
        assert.equal(await cases(), before);
        const ofMember = await attempt(world, { ...claims, ...way(MEMBER) });
        assert.equal(await shapeOf(ofMember), await shapeOf(ofNobody));
        assert.equal(await cases(), before + 1);
      });
    }
  }
});

test('a member who writes somebody else’s unverified e-mail into a new account is let in, whether that is a member or not', async () => {
  await using world = await startWorld({ member: { email: null } });
  const other = { given_name: 'Ola', family_name: 'Hansen', email: 'ola@example.no', phone: '+4799999999' };
  await addMember(world.db, world.organization, other);
  for (const email of ['ola@example.no', 'olav@example.no']) {
    const ended = await logIn(world, { ...samplePerson({ email, email_verified: false }), sub: `karis-${email}` });
    assert.ok(ended.code, email);
  }
});

test('nor does the time: the two are told apart no better than chance, although the case takes its time', async () => {
  await using world = await startWorld();
  // A case takes a millisecond. Here it takes 150, so that the measurement cannot miss it on a busy machine either.
  await world.db.pool.query(`
    create function public.take_time() returns trigger language plpgsql as $$ begin perform pg_sleep(0.15); return new; end $$;
    grant execute on function public.take_time() to public; grant usage on schema public to public;
    create trigger take_time before insert on registry.conflicts for each row execute function public.take_time()`);
  const longer: number[] = [];
  const lane = async () => {
    for (let round = -1; round < 18; round += 1) {
      // One right after the other, so that both meet the same load; which is first changes.
      const order = [MEMBER, NOBODY];
      const took = new Map<Target, number>();
      for (const of of round % 2 === 0 ? order : order.toReversed()) {
        const claims = { ...someone, ...own, email: of.email, email_verified: false };
        took.set(of, (await attempt(world, claims)).took);
      }
      // The first ones meet connections that are not open and plans that are not made.
      if (round >= 0) longer.push((took.get(MEMBER) ?? 0) > (took.get(NOBODY) ?? 0) ? 1 : 0);
    }
  };
  await Promise.all(Array.from({ length: 4 }, lane));
  const share = longer.reduce((sum, each) => sum + each, 0) / longer.length;
  // Half is chance. Four standard deviations away is chance once in 15,000 runs.
  const bound = 4 * Math.sqrt(0.25 / longer.length);
  assert.ok(
    Math.abs(share - 0.5) < bound,
    `the answer about a member takes longer in ${share.toFixed(2)} of the pairs`,
  );
});
