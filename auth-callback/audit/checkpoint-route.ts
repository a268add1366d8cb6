import { readCheckpoint, readSize, writeContinuation } from '../../audit-seal/checkpoint.ts';
import { proveConsistency } from '../../audit-seal/tree.ts';
import type { AppContext } from '../../runtime/http/request-context.ts';
import { DatabaseBudget } from '../database/database-budget.ts';
import type { LoginDatabase } from '../database/login-database.ts';

export interface CheckpointRouteOptions {
  database: LoginDatabase;
}

/** The newest checkpoint is looked up at most this often. */
const freshForMs = 2_000;

/**
 * The sealed audit's public part: hashes, sizes and signatures, nothing of a person. Whoever keeps witness compares it with what they
 * were shown before.
 */
export function createCheckpointRoutes({ database }: CheckpointRouteOptions) {
  let readAt = Number.NEGATIVE_INFINITY;
  let read: Promise<string | undefined> | undefined;

  /** Those who ask within two seconds share one look. */
  function newest(budget: DatabaseBudget): Promise<string | undefined> {
    if (read !== undefined && performance.now() - readAt < freshForMs) return read;
    const asked = database.auditCheckpoint(budget);
    read = asked;
    readAt = performance.now();
    asked.catch(() => {
      if (read === asked) read = undefined;
    });
    return asked;
  }

  const answer = (c: AppContext, body: string, status: 200 | 400 | 404 | 409 = 200) => {
    if (status === 200) c.header('cache-control', 'public, max-age=2');
    return c.text(body, status);
  };

  return {
    /** `GET /.well-known/audit-checkpoint`: one signed note, or 404 while nothing is sealed. */
    async checkpoint(c: AppContext) {
      const note = await newest(new DatabaseBudget());
      return note === undefined ? answer(c, 'No checkpoint yet\n', 404) : answer(c, note);
    },
    /**
     * `GET /.well-known/audit-checkpoint/consistency?from=N`: a proof that the newest checkpoint goes on from one of N events, and the
     * checkpoint. 400 for what is no number above zero; 409 with our size where N is more than we have.
     */
    async consistency(c: AppContext) {
      const from = readSize(c.req.query('from') ?? '');
      if (from === undefined || from === 0) return answer(c, 'from is the size of a checkpoint\n', 400);
      const budget = new DatabaseBudget();
      const note = await newest(budget);
      if (note === undefined) return answer(c, 'No checkpoint yet\n', 404);
      const { size } = readCheckpoint(note);
      if (from > size) {
        c.header('content-type', 'text/x.tlog.size');
        return c.body(`${size}\n`, 409);
      }
      const proof = await proveConsistency(from, size, (subtrees) => database.auditSubtrees(subtrees, budget));
      return answer(c, writeContinuation({ old: from, proof, note }));
    },
  };
}
