// All checks, first as root, then as a user without privileges, which is what the library is mostly used as.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { runChecks } from './check.mjs';

const ordinaryUser = 1000;

/** What only root may do is not in the list of the ordinary user. */
const modules = {
  root: ['machine', 'calls', 'namespaces', 'processes', 'failures', 'files', 'clocks', 'identity', 'as-root'],
  user: ['namespaces', 'processes', 'failures', 'files', 'clocks', 'identity', 'command-line'],
};

const isRoot = process.geteuid() === 0;
process.chdir('/tmp');
process.umask(0o022);
const names = isRoot ? modules.root : modules.user;
const checks = await Promise.all(names.map((name) => import(`./checks/${name}.mjs`)));
await runChecks(
  isRoot ? 'as root' : `as user ${ordinaryUser}, without privileges`,
  checks.flatMap((module) => Object.entries(module.checks)),
);

if (isRoot) {
  const { status, signal } = spawnSync(process.execPath, [fileURLToPath(import.meta.url)], {
    uid: ordinaryUser,
    gid: ordinaryUser,
    stdio: 'inherit',
  });
  if (status !== 0) throw new Error(`the checks as an ordinary user ended with ${signal ?? status}`);
}
