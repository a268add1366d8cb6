import { testOnVersion } from './on-version.ts';

await testOnVersion(17);
