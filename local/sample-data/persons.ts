import { sampleCases } from './cases.ts';
import { sampleOrganizations } from './organizations.ts';

/** Everybody who can log in to the local stack, with the records their organisations have of them. */
export const allSampleCases = sampleOrganizations.flatMap(({ slug }, nth) => sampleCases(slug, nth));

/** The same people as the identity provider knows them. */
export const samplePersons = allSampleCases.map(({ person }) => person);
