import { errors, interactionPolicy, type interactionPolicy as Policy } from 'oidc-provider';
import type { Directory } from './directory.ts';
import type { Ways } from './ways.ts';

const { base, Check, Prompt } = interactionPolicy;

/** When somebody is asked something: who they are, at every login; and for consent, after it, where the ways have that. */
export function interactionPolicyOf(ways: Ways, directory: Directory): Policy.DefaultPolicy {
  const policy = base();
  policy.remove('consent');
  policy.get('login')?.checks.add(everyLoginAsks);
  if (ways.strict) policy.get('login')?.checks.add(stateAndNonceAreThere, 0);
  if (ways.consentScopes.length > 0) policy.add(consentPrompt(ways, directory));
  return policy;
}

const everyLoginAsks = new Check('no_remembered_login', 'every login asks who it is', ({ oidc }) => {
  // Whose hint it is, and whether that person is here, the checks of the library find out.
  const knownByHint = oidc.params?.id_token_hint !== undefined;
  return oidc.result?.login === undefined && !knownByHint ? Check.REQUEST_PROMPT : Check.NO_NEED_TO_PROMPT;
});

const stateAndNonceAreThere = new Check('state_and_nonce', 'state and nonce are required', ({ oidc }) => {
  // Without openid there is no ID token to hold a nonce.
  const isOpenid = String(oidc.params?.scope).split(' ').includes('openid');
  for (const name of isOpenid ? (['state', 'nonce'] as const) : (['state'] as const)) {
    if (!oidc.params?.[name]) throw new errors.InvalidRequest(`missing required parameter '${name}'`);
  }
  return Check.NO_NEED_TO_PROMPT;
});

/** Nobody is asked for what the agreement does not grant anyway. */
function consentPrompt(ways: Ways, { persons }: Directory): Policy.Prompt {
  const asks = new Check('consent_needed', 'the person has to consent', 'consent_required', ({ oidc }) => {
    const person = persons.find(({ id }) => id === oidc.session?.accountId);
    const wanted = String(oidc.params?.scope)
      .split(' ')
      .some((scope) => ways.consentScopes.includes(scope) && person !== undefined && ways.grants(person, scope));
    return wanted && oidc.result?.consent === undefined ? Check.REQUEST_PROMPT : Check.NO_NEED_TO_PROMPT;
  });
  return new Prompt({ name: 'consent', requestable: true }, asks);
}
