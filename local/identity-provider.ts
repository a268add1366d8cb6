/** The identity providers of the local stack: the behaviour of Vipps, BankID and ID-porten, invented persons. Run as a program, see `main.ts`. */
import { main } from './identity-provider/main.ts';

export {
  type IdentityProvider,
  startIdentityProvider,
} from './identity-provider/server.ts';

if (import.meta.main) await main();
