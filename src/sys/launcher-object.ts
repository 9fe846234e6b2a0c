import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { IsolateError } from './errors.js';

/** The path of the launcher's shared object for this architecture. */
export function launcherObject(arch: string = process.arch): string {
  const path = fileURLToPath(new URL(`../../prebuilds/linux-${arch}/launcher.so`, import.meta.url));
  if (existsSync(path)) return path;
  throw new IsolateError(
    'ERR_ISOLATE_UNSUPPORTED_ARCH',
    `there is no launcher for the architecture ${arch} (there is one for x64 and arm64)`,
  );
}
