import { LRUCache } from 'lru-cache';
import type { Enum } from '../../db/api-types.gen.ts';
import type { Locale } from '../../runtime/language.ts';
import type { Api } from './connect.ts';
import { read } from './connect.ts';
import { AccessRemovedError } from './errors.ts';

/** Who is signed in, and how much there is to do: what every page shows. */
export interface Me {
  userId: string;
  name: string;
  /** Null: as the browser asks. */
  language: Locale | null;
  organizations: { slug: string; name: string; needApproval: readonly string[] }[];
  /** By organisation and kind. */
  counts: CaseCount[];
}

export interface CaseCount {
  organization: string;
  kind: Enum<'conflict_kind'>;
  open: number;
  postponed: number;
  proposed: number;
  mine: number;
  oldest: string | null;
}

/** Milliseconds for which the counts beside the links of a page may be those of the page before. */
const countsKept = 15_000;

export interface MeLoader {
  /**
   * Who it is, is asked each time: somebody who was removed sees nothing more.
   *
   * @param counts `now` where they are what the page is about
   * @throws {AccessRemovedError} when whoever is signed in is nobody's coordinator
   */
  load(api: Api, userId: string, counts: 'now' | 'lately'): Promise<Me>;
  /** After something was done, the next page counts again. */
  forgetCounts(userId: string): void;
}

export function createMeLoader(): MeLoader {
  const counted = new LRUCache<string, Promise<CaseCount[]>>({ max: 10_000, ttl: countsKept });

  function countsOf(api: Api, userId: string, counts: 'now' | 'lately'): Promise<CaseCount[]> {
    const known = counts === 'now' ? undefined : counted.get(userId);
    if (known !== undefined) return known;
    const asked = loadCounts(api);
    counted.set(userId, asked);
    asked.catch(() => counted.delete(userId));
    return asked;
  }

  return {
    async load(api, userId, wanted) {
      const [profiles, counts] = await Promise.all([
        read(api.from('my_profile').select('*').order('organization')),
        countsOf(api, userId, wanted),
      ]);
      const [first] = profiles;
      if (first === undefined) throw new AccessRemovedError();
      const organizations = profiles.map((each) => ({
        slug: each.organization,
        name: each.organization_name,
        needApproval: each.need_approval ?? [],
      }));
      return {
        userId: first.user_id,
        name: first.name ?? userId.slice(0, 8),
        language: first.language,
        organizations,
        counts: counts.filter(({ organization }) => organizations.some(({ slug }) => slug === organization)),
      };
    },
    forgetCounts: (userId) => void counted.delete(userId),
  };
}

async function loadCounts(api: Api): Promise<CaseCount[]> {
  const rows = await read(api.from('conflict_counts').select('*').order('organization').order('kind'));
  return rows.flatMap(({ kind, ...rest }) => (kind === null ? [] : [{ kind, ...rest }]));
}
