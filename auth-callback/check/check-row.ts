import type { ProviderConfig } from '../config.ts';
import { codeOf } from '../errors.ts';
import { isReturnAddress } from '../login/login-request.ts';
import { hintBy, protocolParameters } from '../provider/authorization-request.ts';
import { clientAuthentication } from '../provider/client-authentication.ts';
import { asksForIdToken, isStaff, type ProviderRow, registeredAddresses, rowFault } from '../provider/provider-row.ts';
import { webhookSecretName } from '../webhook/webhook-secrets.ts';

const rowFaults: Record<string, string> = {
  provider_issuer_invalid: 'the issuer is not a plain https address',
  provider_client_id_missing: 'client_id is empty',
  provider_signature_algorithm_refused: 'id_token_signed_response_alg is not an asymmetric signature algorithm',
  provider_secret_name_refused: 'a secret is named that does not begin with OIDC_',
};

const credentialFaults: Record<string, (variable: string | null) => string> = {
  provider_secret_missing: (variable) =>
    variable === null ? 'no variable is named for its secret' : `the variable ${variable} is not set here`,
  provider_auth_method_unknown: () => 'the way of authentication is unknown',
  provider_key_invalid: (variable) => `${variable} does not hold a private JWK with "alg" and "kid"`,
};

/** Faults that can be seen in the row and the environment, without asking anybody. */
export async function checkRow(row: ProviderRow, config: ProviderConfig): Promise<string[]> {
  const faults: string[] = [];
  const fault = rowFault(row, config.rules.allowsPlainHttp);
  if (fault !== undefined) faults.push(rowFaults[fault] ?? fault);
  faults.push(...(await checkCredentials('the client', row.tokenEndpointAuthMethod, row.clientSecretEnv, config)));
  if (row.lookupClientId !== null) {
    const method = row.lookupAuthMethod ?? row.tokenEndpointAuthMethod;
    faults.push(...(await checkCredentials('the lookup client', method, row.lookupClientSecretEnv, config)));
  }
  if (isStaff(row) && !row.scopes.includes('email')) {
    faults.push('the scopes do not ask for email, so no invitation can be used');
  }
  faults.push(...checkReturnAddresses(row, config.rules.allowsPlainHttp));
  if (row.consentMode === 'provider') faults.push(...checkSecondLeg(row));
  if (row.askNumberWhenMissing && !row.scopes.includes(row.personnummerScope ?? '')) {
    faults.push(
      'ask_number_when_missing is set, but personnummer_scope names none of the scopes, so nothing is left out',
    );
  }
  return faults;
}

function checkReturnAddresses(row: ProviderRow, allowsPlainHttp: boolean): string[] {
  const addresses = registeredAddresses(row);
  if (addresses.length === 0) {
    return isStaff(row)
      ? [
          'no app for coordinators is registered, so no coordinator can sign in: under apps, add client_id coordinator-desk (the desk), audience coordinators, redirect_uris [DESK_URL/signed-in], and run npm run configure',
        ]
      : [
          'no return address is registered, so no app can log in: set return_to of the organisation, or an app of members with redirect_uris, and run npm run configure',
        ];
  }
  const unusable = addresses.filter((address) => !isReturnAddress(address, allowsPlainHttp));
  return unusable.map(
    (address) =>
      `the return address ${address} cannot be used: https, or an app's own scheme with a period in it (no.example.app:/return), without a fragment`,
  );
}

function checkSecondLeg(row: ProviderRow): string[] {
  const faults: string[] = [];
  if (row.consentScope === null) faults.push('consent_mode is provider, but no consent_scope says what to ask for');
  if (!asksForIdToken(row))
    faults.push('consent_mode is provider, but without openid there is no ID token to hint with');
  return faults;
}

async function checkCredentials(
  who: string,
  authMethod: string,
  secretEnv: string | null,
  { clientSecrets }: ProviderConfig,
): Promise<string[]> {
  try {
    await clientAuthentication({ authMethod, secretEnv }, (name) => clientSecrets.get(name));
    return [];
  } catch (error) {
    return [`${who}: ${credentialFaults[codeOf(error)]?.(secretEnv) ?? codeOf(error)}`];
  }
}

/** What the row means that its author may not have meant. */
export function noteRow(row: ProviderRow, config: ProviderConfig): string[] {
  const notes: string[] = [];
  if (!row.capture && !isStaff(row)) {
    notes.push('capture is off: no legal basis is recorded, so logins work and numbers are dropped');
  }
  const ignored = Object.keys(row.authorizationParams).filter(
    (name) => name !== hintBy && protocolParameters.has(name),
  );
  if (ignored.length > 0)
    notes.push(`authorization_params are not sent where they belong to the protocol: ${ignored.join(', ')}`);
  if (row.minimumAcr !== null && row.authorizationParams.acr_values === undefined) {
    notes.push(`minimum_acr is ${row.minimumAcr}, but acr_values does not ask for it: lower logins will be refused`);
  }
  if (isStaff(row) && row.minimumAcr === null && row.requiredAmr.length === 0) {
    notes.push(
      'neither minimum_acr nor required_amr asks for a second factor: it must be required at the provider, for this client',
    );
  }
  if (row.authorizationParams[hintBy] === 'address') {
    notes.push('the ID token hint, which holds the number, may travel in an address (browser history, proxy logs)');
  }
  const secret = webhookSecretName(row.organization);
  if (row.provider === 'vipps' && !config.webhookSecrets.has(secret)) {
    notes.push(`the variable ${secret} is not set here: no CONSENT_REVOKED will be heard`);
  }
  return notes;
}
