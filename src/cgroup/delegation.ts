import { existsSync } from 'node:fs';
import type { CgroupVersion } from './controllers/controller.js';

/** Whether systemd manages the control groups of this host. */
export function hasSystemd(): boolean {
  return existsSync('/run/systemd/system');
}

/** How an ordinary user gets a group to make others in. systemd delegates those of v2 alone. */
export function howToHaveOne(version: CgroupVersion): string {
  return version === 2 && hasSystemd()
    ? 'have a group delegated: `systemd-run --user --scope -p Delegate=yes COMMAND`; or be root'
    : 'have root make a group, `mkdir GROUP; chown -R USER GROUP`, and start this program in it; or be root';
}
