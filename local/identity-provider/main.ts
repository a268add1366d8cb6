import { readEnvironment } from '../../runtime/environment.ts';
import { samplePersons } from '../sample-data/persons.ts';
import { startIdentityProvider } from './server.ts';
import type { SalesUnit } from './vipps.ts';

/** Runs the provider as a program. Settings: `PORT`, and `SALES_UNITS`, a JSON array as `SalesUnit` describes it. */
export async function main(): Promise<void> {
  const environment = readEnvironment(process.env);
  const port = environment.integer('PORT', { min: 0, max: 65_535 });
  const units = environment.required('SALES_UNITS');
  environment.finish();
  const provider = await startIdentityProvider({
    port,
    units: JSON.parse(units) as SalesUnit[],
    persons: samplePersons,
  });
  console.log(`identity provider with Vipps' behaviour: ${provider.issuer}`);
  const stop = () => void provider.close().then(() => process.exit(0));
  process.once('SIGTERM', stop).once('SIGINT', stop);
}
