/** What a configuration file says of a table: which row is meant, and which columns are set. */
export type ConfiguredTable = {
  /** With its schema. */
  name: string;
  /** What people call a row of it. */
  title: string;
  /** Columns that say which row of an organisation is meant. */
  key: readonly string[];
  /** Columns that a file sets; what it leaves out has the database's default. */
  columns: readonly string[];
  /** Columns that other people change too: what the file leaves out stays as it is. */
  shared: readonly string[];
  /** Columns that no file sets, and why. `test/configuration/values.test.ts` asks for every column of the table. */
  left: Readonly<Record<string, string>>;
};

const made = { id: 'made by the database', created_at: 'made by the database', organization_id: 'whose row it is' };

export const organizationTable: ConfiguredTable = {
  name: 'registry.organizations',
  title: 'organisation',
  key: ['slug'],
  columns: [
    'slug',
    'name',
    'return_to',
    'capture_basis',
    'capture_necessity',
    'capture_decided_by',
    'capture_decided_at',
    'retention',
    'contact_retention',
    'audit_retention',
    'ask_again_after',
    'second_approval',
  ],
  shared: [],
  left: {
    id: made.id,
    created_at: made.created_at,
    capture: 'follows from the others',
    audit_redacted_until: 'how far the worker has come',
    erasure_salt: made.id,
  },
};

export const providerTable: ConfiguredTable = {
  name: 'registry.identity_providers',
  title: 'provider',
  key: ['provider'],
  columns: [
    'provider',
    'issuer',
    'client_id',
    'client_secret_env',
    'token_endpoint_auth_method',
    'scopes',
    'authorization_params',
    'id_token_signed_response_alg',
    'personnummer_from',
    'personnummer_claim',
    'personnummer_scope',
    'ask_number_when_missing',
    'consent_mode',
    'consent_scope',
    'lookup_client_id',
    'lookup_client_secret_env',
    'lookup_auth_method',
    'tokeninfo_endpoint',
    'minimum_acr',
    'required_amr',
    'enabled',
  ],
  shared: [],
  left: made,
};

export const memberSystemTable: ConfiguredTable = {
  name: 'sync.member_systems',
  title: 'member system',
  key: [],
  columns: [
    'kind',
    'method',
    'url_template',
    'body_template',
    'auth',
    'username',
    'secret_env',
    'token_url',
    'client_id',
    'token_endpoint_auth_method',
    'scope',
    'timeout_ms',
    'rate_per_second',
    'concurrency',
    'accept_within',
    'receiver_key',
    'file_every',
    'read_url_template',
    'read_pointer',
  ],
  shared: ['receiver_key'],
  left: made,
};

export const issuerTable: ConfiguredTable = {
  name: 'billing.issuers',
  title: 'issuer of invoices',
  key: [],
  columns: [
    'organization_number',
    'account_number',
    'interface',
    'base_url',
    'access_token_url',
    'client_id',
    'client_secret_env',
    'subscription_key_env',
    'authorization_scheme',
    'token_place',
    'token_name',
    'issue_path',
    'timeout_ms',
    'concurrency',
    'look_ups_a_day',
  ],
  shared: [],
  left: made,
};

export const appTable: ConfiguredTable = {
  name: 'registry.oauth_clients',
  title: 'app',
  key: ['client_id'],
  columns: ['client_id', 'name', 'audience', 'redirect_uris'],
  shared: [],
  left: { created_at: made.created_at, organization_id: made.organization_id },
};

export const coordinatorTable: ConfiguredTable = {
  name: 'registry.coordinators',
  title: 'coordinator',
  key: ['user_id'],
  columns: ['user_id', 'name', 'email', 'issuer', 'subject', 'language'],
  shared: ['user_id', 'name', 'email', 'issuer', 'subject', 'language'],
  left: {
    created_at: made.created_at,
    organization_id: made.organization_id,
    state: 'follows from the others',
    invited_at: 'the moment at which the file is carried out',
  },
};

export const configuredTables = [
  organizationTable,
  providerTable,
  memberSystemTable,
  issuerTable,
  appTable,
  coordinatorTable,
];
