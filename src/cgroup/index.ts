/**
 * Control groups: which ones a process is in.
 *
 * @module cgroup
 */
export { type Membership, membershipsOf, parseMemberships } from './membership.js';
