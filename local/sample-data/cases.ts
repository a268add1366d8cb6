import { type MemberProviderName, memberProviderNames } from '../identity-provider/person.ts';
import { bankidKinds } from './bankid-kinds.ts';
import type { Kind, SampleCase } from './case.ts';
import { idportenKinds } from './idporten-kinds.ts';
import { inventPerson, type Place } from './invent-person.ts';
import { vippsKinds } from './vipps-kinds.ts';

const kindsOf: Record<MemberProviderName, Record<string, Kind>> = {
  vipps: vippsKinds,
  bankid: bankidKinds,
  idporten: idportenKinds,
};

/** The cases of one organisation. @param nth the organisation's place in the list, so that no two share a person */
export function sampleCases(organization: string, nth: number): SampleCase[] {
  return memberProviderNames.flatMap((provider) =>
    Object.entries(kindsOf[provider]).flatMap(([name, kind], at) => {
      if (kind.only !== undefined && !kind.only.includes(organization)) return [];
      return [sampleCase(name, kind, { provider, organization, nth, at })];
    }),
  );
}

function sampleCase(name: string, kind: Kind, place: Place): SampleCase {
  const { expected, story, dNumber = false, linked = false, traits } = kind;
  const somebody = inventPerson(place, dNumber);
  const first = 1000 * (1 + memberProviderNames.indexOf(place.provider)) + place.at * 10;
  const members = kind.records(somebody).map((values, which) => ({
    ...values,
    externalId: `${place.organization.toUpperCase().slice(0, 3)}-${first + which}`,
  }));
  const person = { ...somebody, id: `${place.organization}-${name}`, story, behaviour: 'given' as const, ...traits };
  return { person, expected, members, linked };
}
