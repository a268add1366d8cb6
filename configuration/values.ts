/** Words that a column of the database takes. `test/configuration/values.test.ts` holds them to the database's own types. */

export const providers = ['vipps', 'bankid', 'idporten', 'staff'] as const;
export const languages = ['nb', 'nn', 'en'] as const;
export const memberSystemAuthentications = ['none', 'basic', 'bearer', 'oauth2_client_credentials'] as const;
/** `registry.organizations.second_approval` */
export const decisions = [
  'accept_observed',
  'keep_existing',
  'not_same_person',
  'merge_into',
  'link_login',
  'accept_receiver_key',
  'erase_member',
] as const;
