// One stack for all four, in this order: it takes longer to start than most of them take. What was promised needs an untouched one; the last
// but one moves its clock, and the last one stops it.
import './one-stack/acceptance-criteria.ts';
import './one-stack/local-app.ts';
import './one-stack/clock.ts';
import './one-stack/stack.ts';
