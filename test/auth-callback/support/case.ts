import type { TestProvider } from './provider.ts';

/** How a provider's answer differs from what Vipps sends. */
export type Case = {
  name: string;
  /** The reason in the log; undefined where the login succeeds. */
  code?: string | undefined;
  spoil: (provider: TestProvider) => void | Promise<void>;
};
