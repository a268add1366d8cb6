import type { Adapter, AdapterPayload } from 'oidc-provider';

type Entry = { payload: AdapterPayload; expiresAt: number };

/** Beyond this many the oldest go: unfinished logins must not fill the memory. */
const MOST_ENTRIES = 20_000;

/** Where the provider keeps logins under way, codes and tokens: in memory, until they expire. */
export function createMemory(): (model: string) => Adapter {
  const entries = new Map<string, Entry>();
  const sweep = () => {
    for (const [key, { expiresAt }] of entries) {
      if (entries.size <= MOST_ENTRIES && expiresAt > Date.now()) return;
      entries.delete(key);
    }
  };
  const find = (key: string) => {
    const entry = entries.get(key);
    return entry !== undefined && entry.expiresAt > Date.now() ? entry.payload : undefined;
  };
  const findBy = (prefix: string, matches: (payload: AdapterPayload) => boolean) =>
    [...entries].find(([key, { payload }]) => key.startsWith(prefix) && matches(payload))?.[1].payload;

  return (model) => ({
    async upsert(id, payload, expiresIn = 600) {
      sweep();
      entries.set(`${model}:${id}`, { payload, expiresAt: Date.now() + expiresIn * 1000 });
    },
    find: async (id) => find(`${model}:${id}`),
    findByUid: async (uid) => findBy(`${model}:`, (payload) => payload.uid === uid),
    findByUserCode: async (userCode) => findBy(`${model}:`, (payload) => payload.userCode === userCode),
    async consume(id) {
      const payload = find(`${model}:${id}`);
      if (payload !== undefined) payload.consumed = Math.floor(Date.now() / 1000);
    },
    async destroy(id) {
      entries.delete(`${model}:${id}`);
    },
    async revokeByGrantId(grantId) {
      for (const [key, { payload }] of entries) if (payload.grantId === grantId) entries.delete(key);
    },
  });
}
