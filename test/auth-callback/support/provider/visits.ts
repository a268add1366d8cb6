import { randomBytes } from 'node:crypto';
import type { Person } from '../provider.ts';

/** What the code of a visit stands for. */
export type Grant = { person: Person; nonce: string; challenge: string; clientId: string; redirectUri: string };

/** What the provider remembers of people's visits: pushed requests, codes, and access tokens. */
export type Visits = ReturnType<typeof createVisits>;

export function createVisits() {
  const pushed = new Map<string, URLSearchParams>();
  const grants = new Map<string, Grant>();
  const persons = new Map<string, Person>();

  /** The parameters of a visit: those in the address, or those pushed before (RFC 9126). */
  const asked = (address: URL) => pushed.get(address.searchParams.get('request_uri') ?? '') ?? address.searchParams;

  return {
    asked,
    /** Keeps the parameters of a visit to come. @returns the request_uri they are known by */
    push(parameters: URLSearchParams): string {
      const uri = `urn:pushed:${randomBytes(16).toString('hex')}`;
      pushed.set(uri, parameters);
      return uri;
    },
    /** A person logs in, and is sent back to this address. */
    authorize(address: URL, person: Person): URL {
      const code = randomBytes(16).toString('base64url');
      const parameters = asked(address);
      const read = (name: string) => parameters.get(name) ?? '';
      const redirectUri = read('redirect_uri');
      const [nonce, challenge, clientId] = [read('nonce'), read('code_challenge'), read('client_id')];
      grants.set(code, { person, nonce, challenge, clientId, redirectUri });
      const back = new URL(redirectUri);
      back.search = new URLSearchParams({ code, state: read('state') }).toString();
      return back;
    },
    /** What a code was given for; a code is used up by the first who asks. */
    takeGrant(code: string): Grant | undefined {
      const grant = grants.get(code);
      grants.delete(code);
      return grant;
    },
    /** A new access token, which userinfo knows this person by. */
    openUserinfo(person: Person): string {
      const accessToken = randomBytes(24).toString('base64url');
      persons.set(accessToken, person);
      return accessToken;
    },
    whose: (accessToken: string): Person | undefined => persons.get(accessToken),
  };
}
