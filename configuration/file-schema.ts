import { z } from 'zod';
import { signatureAlgorithms } from '../runtime/signature-algorithms.ts';
import { decisions, languages, memberSystemAuthentications, providers } from './values.ts';

/**
 * The one source of what a configuration file may say: the reader judges by it, `configuration/schema.json` (for editors) and the
 * tables of docs/configuration.md are made from it. Names are those of the columns, so that a DBA finds the same word in the database.
 * What a file leaves out has the database's default.
 */
const text = (most: number) => z.string().min(1).max(most);
const list = (of: z.ZodType<string>) => z.array(of);

const duration = z
  .string()
  .regex(/^[1-9][0-9]* (minute|hour|day|week|month|year)s?$/, 'is no length of time, such as "90 days"')
  .meta({ examples: ['90 days'] });
const day = z.iso.date('is no date, such as 2026-11-29').meta({ examples: ['2026-11-29'] });
const address = z.string().regex(/^https?:\/\/\S+$/, 'is no http or https address');
const appAddress = z
  .string()
  .regex(
    /^(https:\/\/[^\s#]+|http:\/\/(localhost|127\.0\.0\.1|\[::1\])(:[0-9]+)?([/?][^\s#]*)?|[a-zA-Z][a-zA-Z0-9+-]*(\.[a-zA-Z0-9+-]+)+:[^\s#]+)$/,
    'is no address that a login may return to: https, or a scheme of the app with a dot in it, such as no.nhf.app:/return',
  );
const variable = (prefix: 'OIDC' | 'MEMBER_SYSTEM' | 'INVOICE') =>
  z
    .string()
    .regex(
      new RegExp(`^${prefix}_[A-Z0-9_]+$`),
      `must be the name of an environment variable that begins with ${prefix}_, never the secret itself`,
    )
    .meta({ examples: [`${prefix}_…`] });

const provider = z
  .strictObject({
    issuer: address.describe(
      "The provider's issuer, exactly as its metadata have it. That of Vipps ends with a slash.",
    ),
    client_id: text(500).describe('Our client at the provider.'),
    client_secret_env: variable('OIDC')
      .optional()
      .describe('Variable that holds the client secret, or for private_key_jwt the private JWK.'),
    token_endpoint_auth_method: z
      .enum(['client_secret_basic', 'client_secret_post', 'private_key_jwt', 'none'])
      .optional()
      .describe('How the callback proves itself at the token endpoint.'),
    scopes: list(text(200)).optional().describe('Scopes that are asked for.'),
    authorization_params: z
      .record(z.string(), z.string())
      .optional()
      .describe('Further parameters of the authorization request, such as acr_values.'),
    id_token_signed_response_alg: z
      .enum(signatureAlgorithms)
      .optional()
      .describe('The only signature algorithm of the ID token that is accepted.'),
    personnummer_from: z
      .enum(['id_token', 'userinfo', 'introspection', 'tokeninfo'])
      .optional()
      .describe('The answer of the provider in which the number is.'),
    personnummer_claim: text(100)
      .optional()
      .describe('Name of the claim: nin (Vipps), nnin_altsub or nnin (BankID), pid (ID-porten).'),
    personnummer_scope: text(200).optional().describe('The scope that asks for the number; it must be one of scopes.'),
    ask_number_when_missing: z
      .boolean()
      .optional()
      .describe('Leave personnummer_scope out for returning members whose number is confirmed.'),
    consent_mode: z
      .enum(['none', 'own', 'provider'])
      .optional()
      .describe('Who asks the member for consent: nobody (another legal basis), our page, or the provider.'),
    consent_scope: text(200).optional().describe('Scope of the second leg where the provider asks.'),
    lookup_client_id: text(500).optional().describe('Client of its own for introspection or tokeninfo.'),
    lookup_client_secret_env: variable('OIDC').optional().describe("Variable with that client's secret or key."),
    lookup_auth_method: z
      .enum(['client_secret_basic', 'client_secret_post', 'private_key_jwt', 'none'])
      .optional()
      .describe('How that client proves itself.'),
    tokeninfo_endpoint: address.optional().describe("Address of tokeninfo where the provider's metadata have none."),
    minimum_acr: text(200).optional().describe('Lowest level of assurance that is accepted.'),
    required_amr: list(text(100))
      .optional()
      .describe('One of these methods must have been used (amr, RFC 8176), such as mfa.'),
    enabled: z.boolean().optional().describe('Whether the provider is offered.'),
  })
  .superRefine((row, context) => {
    const fault = (path: string, message: string) => context.addIssue({ code: 'custom', path: [path], message });
    if (row.client_secret_env === undefined && row.token_endpoint_auth_method !== 'none') {
      fault(
        'client_secret_env',
        'is missing: every client but one with token_endpoint_auth_method none has a secret or a key',
      );
    }
    if (row.ask_number_when_missing && row.personnummer_scope === undefined) {
      fault('personnummer_scope', 'is missing: without it nothing can be left out (ask_number_when_missing)');
    }
    if (row.personnummer_scope !== undefined && !row.scopes?.includes(row.personnummer_scope)) {
      fault('personnummer_scope', 'must be one of scopes');
    }
    if (row.consent_mode === 'provider' && row.consent_scope === undefined) {
      fault('consent_scope', 'is missing: the provider asks for consent by it');
    }
    if ((row.lookup_client_id === undefined) !== (row.lookup_auth_method === undefined)) {
      fault('lookup_auth_method', 'and lookup_client_id belong together');
    }
  });

const memberSystem = z
  .strictObject({
    kind: z
      .enum(['http', 'file', 'worklist'])
      .optional()
      .describe('How it is reached: an HTTP interface, files, or a person who types.'),
    url_template: address
      .optional()
      .describe('http: address with {external_id} where the member number goes. It never holds the personnummer.'),
    method: z.enum(['PUT', 'POST', 'PATCH']).optional().describe('http: the method.'),
    body_template: z
      .json()
      .optional()
      .describe('http: JSON body with {personnummer} and {external_id} inside its texts.'),
    auth: z.enum(memberSystemAuthentications).optional().describe('http: how the worker proves itself.'),
    username: text(200).optional().describe('basic: the user name.'),
    secret_env: variable('MEMBER_SYSTEM')
      .optional()
      .describe('Variable that holds the password, the token or the client secret.'),
    token_url: address.optional().describe('oauth2_client_credentials: the token endpoint.'),
    client_id: text(500).optional().describe('oauth2_client_credentials: the client.'),
    token_endpoint_auth_method: z
      .enum(['client_secret_basic', 'client_secret_post'])
      .optional()
      .describe('oauth2_client_credentials: whether the secret goes in the Authorization header or in the form.'),
    scope: text(500).optional().describe('oauth2_client_credentials: the scope.'),
    timeout_ms: z.int().min(100).max(30_000).optional().describe('Longest time for one request, in milliseconds.'),
    rate_per_second: z.int().min(1).max(1_000).optional().describe('Most requests a second, over all workers.'),
    concurrency: z.int().min(1).max(100).optional().describe('Most requests at a time, over all workers.'),
    accept_within: duration
      .optional()
      .describe('How long a change that was taken in may wait until it is carried out.'),
    file_every: duration.optional().describe('file: pause between two files.'),
    receiver_key: z
      .looseObject({
        kty: z.enum(['OKP', 'EC']),
        kid: text(200),
        d: z.never('is the private key: only the public one belongs here').optional(),
      })
      .optional()
      .describe(
        'file, worklist: public JWK (X25519 or P-256) that numbers are sealed for. Left out, what coordinators made at the desk stays.',
      ),
    read_url_template: address
      .optional()
      .describe('Address with {external_id} where the member system shows a member as JSON, for `npm run drift`.'),
    read_pointer: z
      .string()
      .regex(/^(\/[^/]*)*$/, 'is no JSON pointer, such as /personnummer')
      .optional()
      .describe('JSON pointer (RFC 6901) to the number in that answer.'),
  })
  .superRefine((row, context) => {
    const { kind = 'http', auth = 'none' } = row;
    const needs: [boolean, (keyof typeof row)[]][] = [
      [kind === 'http', ['url_template']],
      [kind === 'file', ['receiver_key']],
      [auth === 'basic', ['username', 'secret_env']],
      [auth === 'bearer', ['secret_env']],
      [auth === 'oauth2_client_credentials', ['token_url', 'client_id', 'secret_env']],
    ];
    const missing = needs.flatMap(([needed, columns]) =>
      needed ? columns.filter((name) => row[name] === undefined) : [],
    );
    for (const name of new Set(missing)) {
      context.addIssue({
        code: 'custom',
        path: [name],
        message: `is missing: kind ${kind} with auth ${auth} needs it`,
      });
    }
    if (row.url_template?.includes('{personnummer}')) {
      context.addIssue({
        code: 'custom',
        path: ['url_template'],
        message: 'must not hold the number: addresses are logged',
      });
    }
    if (row.read_url_template !== undefined && !row.read_url_template.includes('{external_id}')) {
      context.addIssue({ code: 'custom', path: ['read_url_template'], message: 'must have {external_id} in it' });
    }
  });

/** Digits whose sum by these weights, the control digit counted once, is divisible by eleven. */
const holdsByEleven = (text: string, weights: readonly number[]) =>
  [...text].reduce((sum, digit, at) => sum + Number(digit) * (weights[at] ?? 1), 0) % 11 === 0;

const issuer = z.strictObject({
  organization_number: z
    .string()
    .regex(/^[89][0-9]{8}$/, 'is no organisation number: nine digits')
    .refine(
      (text) => holdsByEleven(text, [3, 2, 7, 6, 5, 4, 3, 2]),
      'is no organisation number: its control digit is wrong',
    )
    .describe('Organisation number in whose name invoices are issued.'),
  account_number: z
    .string()
    .regex(/^[0-9]{11}$/, 'is no account number: eleven digits, without points')
    .refine(
      (text) => holdsByEleven(text, [5, 4, 3, 2, 7, 6, 5, 4, 3, 2]),
      'is no account number: its control digit is wrong',
    )
    .describe('Account that is paid to.'),
  interface: z.enum(['v1', 'v2']).optional().describe('Which of the two known interfaces is spoken.'),
  base_url: z
    .string()
    .regex(/^https?:\/\/[^?#\s]+[^/?#\s]$/, 'is no http or https address without a slash at its end')
    .describe('Address of the invoice service, without a slash at its end.'),
  access_token_url: address.describe(
    'Where an access token is asked for, such as https://api.vipps.no/accesstoken/get.',
  ),
  client_id: text(500).describe('Our client there.'),
  client_secret_env: variable('INVOICE').describe("Variable that holds the client's secret."),
  subscription_key_env: variable('INVOICE')
    .optional()
    .describe('Variable with the subscription key (Ocp-Apim-Subscription-Key).'),
  authorization_scheme: z.enum(['Bearer', 'VippsAccessToken']).optional().describe('The word before the access token.'),
  token_place: z
    .enum(['header', 'body'])
    .optional()
    .describe('Where the issue-token stands when an invoice is issued.'),
  token_name: z
    .string()
    .regex(/^[A-Za-z][A-Za-z0-9-]{0,60}$/, 'is no name of a header or a member of the body')
    .optional()
    .describe('Name of that header, or of that member of the body: recipientToken in v1.'),
  issue_path: z
    .string()
    .regex(/^\/[A-Za-z0-9/_.-]*\{invoice_id\}$/, 'is no path that ends in {invoice_id}')
    .optional()
    .describe('Path under base_url by which an invoice is issued: /invoices/{invoice_id} in v1.'),
  timeout_ms: z.int().min(100).max(20_000).optional().describe('Longest time for one request, in milliseconds.'),
  concurrency: z.int().min(1).max(100).optional().describe('Most invoices at a time, over all workers.'),
  look_ups_a_day: z
    .int()
    .min(1)
    .max(20)
    .optional()
    .describe('How often an issue-token may be asked for, for one invoice in one day.'),
});

const app = z.strictObject({
  client_id: z
    .string()
    .regex(/^[A-Za-z0-9._~-]{1,100}$/, 'is no client id: letters, digits, period, hyphen, underscore, tilde')
    .describe('What the app calls itself.'),
  name: text(200).describe('Name for people.'),
  audience: z.enum(['members', 'coordinators']).optional().describe('Whose app it is.'),
  redirect_uris: list(appAddress).min(1).describe('Where a login may return to: exact addresses.'),
});

const coordinator = z
  .strictObject({
    email: z
      .email('is no e-mail address')
      .optional()
      .describe('Invites whoever signs in with this verified address, once, within 30 days.'),
    issuer: address.optional().describe('Instead of an invitation: issuer of the staff provider.'),
    subject: text(500).optional().describe('Instead of an invitation: subject at that issuer.'),
    user_id: z
      .uuid('is no Supabase user id')
      .optional()
      .describe('Instead of an invitation: user id of Supabase Auth.'),
    name: text(200).optional().describe('Name for colleagues.'),
    language: z.enum(languages).optional().describe('Language of the pages, until the coordinator chooses one.'),
  })
  .superRefine((row, context) => {
    if ((row.issuer === undefined) !== (row.subject === undefined)) {
      context.addIssue({ code: 'custom', path: ['subject'], message: 'and issuer belong together' });
    }
    if (row.email === undefined && row.subject === undefined && row.user_id === undefined) {
      context.addIssue({ code: 'custom', path: [], message: 'needs email, or issuer and subject, or user_id' });
    }
  });

const organization = z
  .strictObject({
    slug: z
      .string()
      .regex(/^[a-z][a-z0-9-]{1,39}$/, 'must be 2 to 40 small letters, digits and hyphens, with a letter first')
      .describe('Short name in addresses and commands, such as nhf. It never changes.'),
    name: text(200).describe('Name for people.'),
    return_to: list(appAddress)
      .optional()
      .describe("Where a login of the members' app may return to: exact addresses."),
    capture_basis: text(2_000)
      .optional()
      .describe('The legal basis for storing the number, in words. Capturing is off while one of the five is missing.'),
    capture_necessity: text(4_000).optional().describe('Why name, address and birth date do not suffice, in words.'),
    capture_decided_by: text(200).optional().describe('Who decided it.'),
    capture_decided_at: day.optional().describe('When it was decided.'),
    retention: duration.optional().describe('How long observed numbers are kept.'),
    contact_retention: duration
      .optional()
      .describe('How long names, birth dates, phone numbers and e-mail addresses of logins are kept.'),
    audit_retention: duration
      .optional()
      .describe('How long sentences and details of audit events are kept, 31 days or more; left out: for good.'),
    ask_again_after: duration.optional().describe('How long a member who refused consent is left in peace.'),
    second_approval: list(z.enum(decisions))
      .optional()
      .describe('Decisions that one coordinator proposes and another approves.'),
    providers: z
      .strictObject(
        Object.fromEntries(providers.map((name) => [name, provider.optional()])) as Record<
          (typeof providers)[number],
          z.ZodOptional<typeof provider>
        >,
      )
      .optional()
      .describe('Identity providers, by name: vipps, bankid, idporten for members, staff for coordinators.'),
    member_system: memberSystem.optional().describe('Where changes are carried.'),
    issuer: issuer.optional().describe('In whose name invoices are issued by eFaktura.'),
    apps: z.array(app).optional().describe('Apps that log in by the standard; the desk is one of them.'),
    coordinators: z.array(coordinator).optional().describe('Who settles the cases.'),
  })
  .superRefine((row, context) => {
    for (const [path, keys] of [
      ['apps', row.apps?.map(({ client_id }) => client_id)],
      [
        'coordinators',
        row.coordinators?.map((each) => (each.email ?? each.user_id ?? each.subject ?? '').toLowerCase()),
      ],
    ] as const) {
      for (const at of doubles(keys ?? [])) {
        context.addIssue({ code: 'custom', path: [path, at], message: 'stands here for the second time' });
      }
    }
    const staff = row.providers?.staff;
    for (const name of [
      'consent_mode',
      'consent_scope',
      'personnummer_scope',
      'lookup_client_id',
      'ask_number_when_missing',
    ] as const) {
      if (staff?.[name] !== undefined && staff[name] !== 'none') {
        context.addIssue({
          code: 'custom',
          path: ['providers', 'staff', name],
          message: 'is for members: no number is read from a staff login',
        });
      }
    }
  });

export const fileSchema = z
  .strictObject({ organizations: z.array(organization).min(1).describe('The organisations of this installation.') })
  .superRefine((file, context) => {
    for (const at of doubles(file.organizations.map(({ slug }) => slug))) {
      context.addIssue({
        code: 'custom',
        path: ['organizations', at, 'slug'],
        message: 'stands here for the second time',
      });
    }
  });

export type ConfigurationFile = z.infer<typeof fileSchema>;
export type OrganizationEntry = ConfigurationFile['organizations'][number];

/** Where a key stands that stood before. */
function doubles(keys: readonly string[]): number[] {
  return keys.flatMap((key, at) => (key !== '' && keys.indexOf(key) < at ? [at] : []));
}
