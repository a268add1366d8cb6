// What one request may bring. Together they are what the server takes, so that a browser that keeps to each of them is never answered 431.

/** Of an address, path and query. */
export const longestUrl = 8 * 1024;
/**
 * All cookies of ours that one browser holds, names included. They come in one line, and proxies in front of us take lines of 8 KiB by
 * default (nginx, Apache).
 */
export const longestOwnCookies = 6 * 1024;
/** What browsers and proxies add, and cookies that others set for the whole domain. */
const longestOthers = 10 * 1024;

export const longestHeaders = longestUrl + longestOwnCookies + longestOthers;

/** Of a form for us. */
export const longestBody = 16 * 1024;
