import type { Hono } from 'hono';
import type { DeskEnv } from '../http/desk-context.ts';
import { addApprovals } from './approvals/approvals.ts';
import { addBulk } from './bulk/bulk-routes.ts';
import { addCaseList } from './cases/case-list.ts';
import { addCase } from './cases/case-routes.ts';
import { addDeliveryList } from './deliveries/delivery-list.ts';
import { addRetry } from './deliveries/retry.ts';
import { addFileList } from './files/file-list.ts';
import { addFilePage } from './files/file-page.ts';
import { addHelp } from './help/help.ts';
import { addLoginList } from './logins/login-list.ts';
import { addLoginPage } from './logins/login-page.ts';
import { addMemberPage } from './members/member-page.ts';
import { addMemberSearch } from './members/member-search.ts';
import { addQuality } from './quality/quality.ts';
import { addSettled } from './settled/settled.ts';
import { addSystems } from './systems/systems.ts';
import { addToday } from './today/today.ts';
import { addWorklist } from './worklist/worklist.ts';
import { addWorklistKey } from './worklist/worklist-key.ts';
import { addWorklistRow } from './worklist/worklist-row.ts';

/** Every page that one signs in for. */
export function addPages(app: Hono<DeskEnv>): void {
  addToday(app);
  addCaseList(app);
  addBulk(app);
  addCase(app);
  addMemberSearch(app);
  addMemberPage(app);
  addLoginList(app);
  addLoginPage(app);
  addDeliveryList(app);
  addRetry(app);
  addSystems(app);
  addQuality(app);
  addFileList(app);
  addFilePage(app);
  addWorklist(app);
  addWorklistKey(app);
  addWorklistRow(app);
  addHelp(app);
  addSettled(app);
  addApprovals(app);
}
