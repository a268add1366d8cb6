import { createBoundCookie } from './bound-cookie.ts';

/** One cookie per login in flight, keyed by its state, so that two tabs do not spoil each other. */
export const transactionCookie = createBoundCookie('login', 4);
