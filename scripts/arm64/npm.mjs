// Packages from npm that npm would not install on this machine, because they are for another architecture.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { output } from '../machine/command.mjs';

/** Unpacks a package into a folder, and gives its version. npm compares its checksum with the registry's. */
export async function unpackFromNpm(spec, folder, signal, integrity) {
  const args = ['pack', spec, '--json', '--loglevel=error', '--pack-destination', folder];
  const [packed] = JSON.parse(await output('npm', args, { signal, cwd: folder }));
  if (integrity !== undefined && packed.integrity !== integrity) {
    throw new Error(`${spec} is not what package-lock.json says: ${packed.integrity} instead of ${integrity}`);
  }
  // npm writes the slash of a scope as a dash, and some versions of it do not say so.
  const file = join(folder, packed.filename.replace(/^@/, '').replace('/', '-'));
  await output('tar', ['-xzf', file, '--strip-components=1', '--no-same-owner', '-C', folder], { signal });
  rmSync(file);
  return packed.version;
}
