import { lookup as dnsLookup, type LookupAddress } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import { OutboundError } from './outbound-error.ts';

// IANA special-purpose registries (RFC 6890): everything that is not reached through the public internet, and multicast.
const refusedIPv4: [string, number][] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
];

// Only 2000::/3 is handed out for global use. What lies before it includes loopback and every notation that wraps an
// IPv4 address (mapped, compatible, NAT64); what lies after it is local, link-local or multicast. Within it, 2001::/23
// (Teredo and others) and 2002::/16 (6to4) wrap IPv4 addresses too.
const refusedIPv6: [string, number][] = [
  ['::', 3],
  ['4000::', 2],
  ['8000::', 1],
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
];

// Two lists, because a BlockList compares an IPv4 address with IPv6 networks too, as if it were mapped (::ffff:0:0/96).
const refused = { ipv4: new BlockList(), ipv6: new BlockList() };
for (const [network, prefix] of refusedIPv4) refused.ipv4.addSubnet(network, prefix, 'ipv4');
for (const [network, prefix] of refusedIPv6) refused.ipv6.addSubnet(network, prefix, 'ipv6');

/** Whether an IP address (v4 or v6 text, no brackets) is one that the public internet routes. Anything else: no. */
export function isPublicAddress(address: string): boolean {
  const family = isIP(address);
  // A zone ("fe80::1%eth0") only goes with addresses that are not public.
  if (family === 0 || address.includes('%')) return false;
  return family === 4 ? !refused.ipv4.check(address, 'ipv4') : !refused.ipv6.check(address, 'ipv6');
}

/**
 * A lookup for `net.connect` that fails unless every address of the host is public. It runs when the connection is made,
 * and the connection goes to the addresses it judged, so a name that changes its address afterwards gains nothing.
 */
export const lookupPublicAddress: LookupFunction = (hostname, options, callback) => {
  dnsLookup(hostname, { ...options, all: true }, (error, addresses: LookupAddress[]) => {
    if (error !== null) return callback(error, []);
    const [first] = addresses;
    if (first === undefined || !addresses.every(({ address }) => isPublicAddress(address))) {
      return callback(new OutboundError('address_refused'), []);
    }
    if (options.all) callback(null, addresses);
    else callback(null, first.address, first.family);
  });
};
