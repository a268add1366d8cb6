import { readEnvironment } from '../../runtime/environment.ts';
import { staffPersons } from '../sample-data/coordinators.ts';
import { samplePersons } from '../sample-data/persons.ts';
import type { LocalClient } from './client.ts';
import { type ProviderName, providerNames } from './person.ts';
import { startIdentityProvider } from './server.ts';

/** The variable with a provider's port. */
export function portVariable(provider: ProviderName): string {
  return `${provider.toUpperCase()}_PORT`;
}

/**
 * Runs all the providers as a program. Settings: `VIPPS_PORT`, `BANKID_PORT`, `IDPORTEN_PORT`, `STAFF_PORT`, and `CLIENTS`, a JSON
 * array as `LocalClient` describes it.
 */
export async function main(): Promise<void> {
  const environment = readEnvironment(process.env);
  const ports = providerNames.map((provider) => environment.integer(portVariable(provider), { min: 0, max: 65_535 }));
  const text = environment.required('CLIENTS');
  environment.finish();
  const clients = JSON.parse(text) as LocalClient[];
  const start = (provider: ProviderName, at: number) =>
    startIdentityProvider({ provider, port: ports[at] ?? 0, clients, persons: [...samplePersons, ...staffPersons] });
  const providers = await Promise.all(providerNames.map(start));
  for (const { issuer } of providers) console.log(`identity provider: ${issuer}`);
  const stop = () => void Promise.all(providers.map((each) => each.close())).then(() => process.exit(0));
  process.once('SIGTERM', stop).once('SIGINT', stop);
}
