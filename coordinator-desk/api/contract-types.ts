import type { Enum, Database as Generated } from '../../db/api-types.gen.ts';

// What another part of schema `api` is still to bring; this file goes when `db/api-types.gen.ts` has it.

type Views = Generated['api']['Views'] & {
  conflict_counts: {
    Row: {
      organization: string;
      kind: Enum<'conflict_kind'>;
      open: number;
      postponed: number;
      proposed: number;
      mine: number;
      oldest: string | null;
    };
    Relationships: [];
  };
};

export type Database = { api: Omit<Generated['api'], 'Views'> & { Views: Views } };
export type Row<Name extends keyof Views> = Views[Name]['Row'];
