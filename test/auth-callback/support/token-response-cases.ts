import type { Case } from './case.ts';
import { json } from './provider.ts';

/** Answers of the token endpoint that are none. None of these may lead to a login. */
export const tokenResponseCases: Case[] = [
  {
    name: 'a token response that is no JSON',
    code: 'OAUTH_RESPONSE_IS_NOT_JSON',
    spoil: (provider) => {
      provider.respond.set('/token', (_, response) => {
        response.writeHead(200, { 'content-type': 'text/html' }).end('<html>');
      });
    },
  },
  {
    name: 'a token response without an access token',
    code: 'OAUTH_INVALID_RESPONSE',
    spoil: (provider) => {
      provider.respond.set('/token', (_, response) => {
        response.writeHead(200, { 'content-type': 'application/json' }).end('{"token_type":"bearer"}');
      });
    },
  },
  {
    name: 'a code the provider does not know',
    code: 'provider_refused_code',
    spoil: (provider) => {
      provider.respond.set('/token', (_, response) => {
        response.writeHead(400, { 'content-type': 'application/json' }).end('{"error":"invalid_grant"}');
      });
    },
  },
  {
    name: 'a token of another type than bearer',
    code: 'OAUTH_PARSE_ERROR',
    spoil: (provider) => {
      provider.respond.set('/token', (_, response) => {
        json(response, 200, { access_token: 'x', token_type: 'mac', expires_in: 1, id_token: 'a.b.c' });
      });
    },
  },
  {
    name: 'an ID token that is no string',
    code: 'OAUTH_INVALID_RESPONSE',
    spoil: (provider) => {
      provider.respond.set('/token', (_, response) => {
        json(response, 200, { access_token: 'x', token_type: 'bearer', expires_in: 1, id_token: { alg: 'none' } });
      });
    },
  },
  {
    name: 'a redirect at the token endpoint',
    code: 'OAUTH_RESPONSE_IS_NOT_CONFORM',
    spoil: (provider) => {
      provider.respond.set('/token', (_, response) => {
        response.writeHead(302, { location: `${provider.issuer}elsewhere` }).end();
      });
    },
  },
];
