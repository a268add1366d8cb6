import type { Hono } from 'hono';
import type { DeskEnv } from '../http/desk-context.ts';
import { addCaseList } from './cases/case-list.ts';
import { addCase } from './cases/case-routes.ts';
import { addToday } from './today/today.ts';

/** Every page that one signs in for. */
export function addPages(app: Hono<DeskEnv>): void {
  addToday(app);
  addCaseList(app);
  addCase(app);
}
