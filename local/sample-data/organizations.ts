/** An organisation of the local stack. */
export type SampleOrganization = {
  slug: string;
  name: string;
  /** Supabase user id of its sample coordinator. */
  coordinator: string;
};

export const sampleOrganizations: readonly SampleOrganization[] = [
  { slug: 'nhf', name: 'NHF', coordinator: '00000000-0000-4000-8000-00000000c001' },
  { slug: 'blindeforbundet', name: 'Blindeforbundet', coordinator: '00000000-0000-4000-8000-00000000c002' },
  { slug: 'hlf', name: 'HLF', coordinator: '00000000-0000-4000-8000-00000000c003' },
];
