import { allSampleCases } from '../../../local/sample-data/persons.ts';
import { logIn } from '../../../local/scripted-login.ts';
import type { Chance } from '../random.ts';
import type { AnyWorld } from '../world.ts';

const persons = allSampleCases.filter(({ person, expected }) => person.provider === 'vipps' && expected !== 'refused');

const withoutMember: readonly string[] = ['unlinked', 'ambiguous', 'name_mismatch'];

/** Those whose record is found: each of their logins ends with tokens. */
export const members = persons.filter(({ expected }) => !withoutMember.includes(expected));

/** One of them logs in as browsers and apps do. @returns whether it ended with tokens */
export async function logInOverHttp(world: AnyWorld, chance: Chance, among = persons): Promise<boolean> {
  const { id, organization, provider } = chance.pick(among).person;
  const { status } = await logIn({
    callbackUrl: world.callbackUrl,
    organization,
    provider,
    returnTo: 'http://127.0.0.1:9/return',
    person: id,
  });
  return status === 'logged_in';
}
