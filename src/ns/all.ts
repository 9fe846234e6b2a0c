import { cgroup } from './cgroup.js';
import { ipc } from './ipc.js';
import { mount } from './mount/namespace.js';
import type { Namespace, NamespaceKind } from './namespace.js';
import { net } from './net.js';
import { pid } from './pid.js';
import { time } from './time.js';
import { user } from './user.js';
import { uts } from './uts.js';

/** Every kind of namespaces, by name. */
export const namespaces: Readonly<Record<NamespaceKind, Namespace>> = { user, mount, pid, net, ipc, uts, cgroup, time };
