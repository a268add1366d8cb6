import { createSigningKey, signRs256, type TestProvider } from './provider.ts';

type Spoil = (provider: TestProvider) => void | Promise<void>;

/** Turns the signature of a good token into another one. */
const signature =
  (change: (signature: Buffer) => Buffer): Spoil =>
  (provider) => {
    const make = provider.makeIdToken;
    provider.makeIdToken = async (claims, key) => {
      const [header, payload, signed = ''] = (await make(claims, key)).split('.');
      return [header, payload, change(Buffer.from(signed, 'base64url')).toString('base64url')].join('.');
    };
  };

/** `r` and `s` as two DER integers, which is how other formats write an ECDSA signature, and JOSE does not. */
function toDer(raw: Buffer): Buffer {
  const integer = (part: Buffer) => Buffer.concat([Buffer.from([2, 33, 0]), part]);
  const body = Buffer.concat([integer(raw.subarray(0, 32)), integer(raw.subarray(32))]);
  return Buffer.concat([Buffer.from([0x30, body.length]), body]);
}

function flipBit(signed: Buffer): Buffer {
  signed[10] = (signed[10] ?? 0) ^ 1;
  return signed;
}

/** Signatures of a provider that signs with ES256, none of which is one. The provider signs well to begin with. */
export const es256Cases: [name: string, spoil: Spoil][] = [
  ['all zero', signature(() => Buffer.alloc(64))],
  ['in DER', signature(toDer)],
  ['one bit off', signature(flipBit)],
  ['cut short', signature((signed) => signed.subarray(0, 63))],
  [
    'RS256, which the provider announces and has a key for',
    async (provider) => {
      const key = await createSigningKey('rsa');
      provider.keys = [...provider.keys, key.publicJwk];
      provider.makeIdToken = (claims) => signRs256(claims, key);
    },
  ],
];
