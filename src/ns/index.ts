/**
 * One module for each kind of namespaces: what it is called, what it isolates, and its options turned into steps.
 *
 * @module ns
 */
export { namespaces } from './all.js';
export { cgroup } from './cgroup.js';
export { type NamespaceIds, namespacesOf } from './identify.js';
export { ipc } from './ipc.js';
export { freshProc, mount, type Propagation, propagation } from './mount.js';
export { type Namespace, type NamespaceKind, namespaceKinds } from './namespace.js';
export { loopbackUp, net } from './net.js';
export { pid } from './pid.js';
export { type ClockOffsets, enterTimeByClone, time, timeOffsets } from './time.js';
export {
  formatIdMap,
  handshakeValues,
  type IdMap,
  type IdMaps,
  isOwnMap,
  type MapHandshake,
  mapsFromParent,
  user,
  writeOwnMaps,
} from './user.js';
export { domainname, hostname, longestName, uts } from './uts.js';
