/**
 * One module for each kind of namespaces: what it is called, what it isolates, and its options turned into steps.
 *
 * @module ns
 */
export { namespaces } from './all.js';
export { cgroup } from './cgroup.js';
export {
  type Identification,
  identifyOpen,
  identifySelf,
  type NamespaceIds,
  namespaceIdOf,
  namespacesOf,
} from './identify.js';
export { ipc } from './ipc.js';
export { flagsOf, joinNamespace, joinProcess } from './join.js';
export { limitNamespaces } from './limit.js';
export {
  attributeBits,
  attributeNames,
  isNothing,
  type MountAttributes,
  mountFlags,
} from './mount/attributes.js';
export { makeFileSystem, mountFileSystem, type NewFileSystem } from './mount/file-system.js';
export { mount } from './mount/namespace.js';
export { type Opened, openAboveRoot, openBeneath, openDirectory, openRoot, walkBeneath } from './mount/open.js';
export { freshProc } from './mount/proc.js';
export {
  type Propagation,
  propagation,
  propagations,
  type Reach,
  setPropagation,
  setPropagationAt,
} from './mount/propagation.js';
export { detach, enterRoot, nothingOnRoot } from './mount/root.js';
export { type Device, type FileIdentity, isDevice, isFile, isNoLink } from './mount/same-file.js';
export { type At, attachTree, copyTree, setAttributes } from './mount/tree.js';
export { type Namespace, type NamespaceKind, namespaceKinds } from './namespace.js';
export { loopbackUp, net } from './net.js';
export { pid } from './pid.js';
export { pin, unpin } from './pin.js';
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
