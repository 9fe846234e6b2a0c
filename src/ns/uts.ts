import { CLONE, type Step, setdomainname, sethostname } from '../sys/index.js';
import type { Namespace } from './namespace.js';

/**
 * The UTS namespace: the host name and the NIS domain name. A new one starts with those of the caller.
 *
 * Equivalent to: `unshare --uts`. See uts_namespaces(7).
 */
export const uts: Namespace = {
  kind: 'uts',
  flag: CLONE.NEWUTS,
  file: 'uts',
  limit: 'max_uts_namespaces',
  isolates: 'the host name and the domain name',
  man: 'uts_namespaces(7)',
};

/** The longest host name and domain name that Linux keeps, bytes: `__NEW_UTS_LEN`. */
export const longestName = 64;

/**
 * A step that sets the host name, for a process in a UTS namespace of its own.
 *
 * Equivalent to: `hostname NAME`. See sethostname(2).
 *
 * @param name - at most {@link longestName} bytes.
 */
export function hostname(name: string): Step {
  return sethostname.step(name).because('the name that the machine seems to have');
}

/**
 * A step that sets the NIS domain name, for a process in a UTS namespace of its own.
 *
 * Equivalent to: `domainname NAME`. See setdomainname(2).
 *
 * @param name - at most {@link longestName} bytes.
 */
export function domainname(name: string): Step {
  return setdomainname.step(name).because('the NIS domain that the machine seems to be in');
}
