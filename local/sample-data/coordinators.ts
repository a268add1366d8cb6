import type { Person } from '../identity-provider/person.ts';
import { sampleOrganizations } from './organizations.ts';
import { syntheticNumber } from './synthetic-number.ts';

/** A coordinator of the local stack, who signs in with the staff provider. */
export type SampleCoordinator = {
  organization: string;
  /** Id of the account at the provider. */
  person: string;
  givenName: string;
  familyName: string;
  name: string;
  email: string;
  /** `invited`: the first sign-in uses the invitation. `bound`: has signed in before. */
  state: 'invited' | 'bound';
};

// As the members: nobody is called so.
const names = [
  ['Tålmodig', 'Morgenrøde', 'Nøye', 'Kveldsol'],
  ['Lytte', 'Vårbekk', 'Rolig', 'Høstløv'],
  ['Vennlig', 'Sommerbris', 'Grundig', 'Vinterlys'],
] as const;

/** Two for each organisation. */
export const sampleCoordinators: readonly SampleCoordinator[] = sampleOrganizations.flatMap(({ slug }, nth) => {
  const [first = '', firstFamily = '', second = '', secondFamily = ''] = names[nth] ?? [];
  return [
    coordinator(slug, 'staff-1', [first, firstFamily], 'bound'),
    coordinator(slug, 'staff-2', [second, secondFamily], 'invited'),
  ];
});

function coordinator(
  organization: string,
  id: string,
  [givenName, familyName]: [string, string],
  state: SampleCoordinator['state'],
): SampleCoordinator {
  const mailbox = `${id}.${organization}`;
  const name = `${givenName} ${familyName}`;
  return {
    organization,
    person: `${organization}-${id}`,
    givenName,
    familyName,
    name,
    email: `${mailbox}@staff.example`,
    state,
  };
}

/** The same people as the staff provider knows them, and one for each organisation whom nobody has invited. */
export const staffPersons: readonly Person[] = [
  ...sampleCoordinators.map(({ organization, person, givenName, familyName, email, state }, at) => ({
    ...account(organization, person, at),
    givenName,
    familyName,
    email,
    story: state === 'invited' ? 'a coordinator who was invited and has not signed in yet' : 'a coordinator',
  })),
  ...sampleOrganizations.map(({ slug }, nth) => ({
    ...account(slug, `${slug}-staff-3`, 10 + nth),
    givenName: 'Fremmed',
    familyName: 'Steingjerde',
    email: `staff-3.${slug}@staff.example`,
    story: 'works there, and is no coordinator',
  })),
];

function account(organization: string, id: string, at: number) {
  const birthDate = `1980-05-${10 + at}`;
  return {
    id,
    provider: 'staff' as const,
    organization,
    behaviour: 'given' as const,
    birthDate,
    phone: `+47009${String(at).padStart(5, '0')}`,
    personnummer: syntheticNumber(birthDate, at),
  };
}
