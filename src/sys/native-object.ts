import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { IsolateError } from './errors.js';

/** What is built from C: the library that launches, and the program that a child may become. */
export type NativeObject = 'launcher.so' | 'init';

/** The path of such an object for this architecture. */
export function nativeObject(name: NativeObject, arch: string = process.arch): string {
  const path = fileURLToPath(new URL(`../../prebuilds/linux-${arch}/${name}`, import.meta.url));
  if (existsSync(path)) return path;
  throw new IsolateError(
    'ERR_ISOLATE_UNSUPPORTED_ARCH',
    `there is no launcher for the architecture ${arch} (there is one for x64 and arm64)`,
  );
}
