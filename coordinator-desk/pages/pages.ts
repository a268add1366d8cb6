import type { Hono } from 'hono';
import type { DeskEnv } from '../http/desk-context.ts';
import { addApprovals } from './approvals/approvals.ts';
import { addBulk } from './bulk/bulk-routes.ts';
import { addCaseList } from './cases/case-list.ts';
import { addCase } from './cases/case-routes.ts';
import { addSettled } from './settled/settled.ts';
import { addToday } from './today/today.ts';

/** Every page that one signs in for. */
export function addPages(app: Hono<DeskEnv>): void {
  addToday(app);
  addCaseList(app);
  addBulk(app);
  addCase(app);
  addSettled(app);
  addApprovals(app);
}
