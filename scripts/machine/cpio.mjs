// Writes an initramfs: the cpio format "newc" that the kernel unpacks into its first root file system.
// See Documentation/driver-api/early-userspace/buffer-format.rst in the kernel's source.
import { closeSync, lstatSync, openSync, readdirSync, readFileSync, readlinkSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';

const type = { folder: 0o040000, file: 0o100000, link: 0o120000, characterDevice: 0o020000 };

/** Everything in the archive belongs to root, whoever writes it: so nobody has to be root to write it. */
export class CpioArchive {
  #fd;
  #count = 0;
  #folders = new Set(['.']);

  constructor(file) {
    this.#fd = openSync(file, 'w', 0o600);
  }

  folder(path, mode = 0o755) {
    if (this.#folders.has(path)) return;
    this.folder(dirname(path));
    this.#folders.add(path);
    this.#entry(path, { mode: type.folder | mode });
  }

  file(path, content, mode = 0o644) {
    this.folder(dirname(path));
    this.#entry(path, { mode: type.file | mode, content: Buffer.from(content) });
  }

  link(path, target) {
    this.folder(dirname(path));
    this.#entry(path, { mode: type.link | 0o777, content: Buffer.from(target) });
  }

  characterDevice(path, major, minor) {
    this.folder(dirname(path));
    this.#entry(path, { mode: type.characterDevice | 0o600, device: [major, minor] });
  }

  /** A file, a link, or a folder with all below it, from `source` on this machine. All users may read it, as installed. */
  copy(path, source, wanted = () => true) {
    const stat = lstatSync(source);
    if (stat.isSymbolicLink()) this.link(path, readlinkSync(source));
    else if (stat.isFile()) this.file(path, readFileSync(source), stat.mode & 0o111 ? 0o755 : 0o644);
    else if (stat.isDirectory()) {
      for (const name of readdirSync(source)) {
        if (wanted(join(source, name))) this.copy(join(path, name), join(source, name), wanted);
      }
    }
  }

  /** The archive ends with an entry of this name; without it the kernel takes it for cut off. */
  close() {
    this.#entry('TRAILER!!!', { mode: 0 });
    closeSync(this.#fd);
  }

  #entry(path, { mode, content = Buffer.alloc(0), device = [0, 0] }) {
    const name = Buffer.from(`${path}\0`);
    const links = 1;
    // inode, mode, uid, gid, links, mtime, size, device of the file system, device of the node, length of the name, sum
    const fields = [++this.#count, mode, 0, 0, links, 0, content.length, 0, 0, ...device, name.length, 0];
    const header = `070701${fields.map((field) => field.toString(16).padStart(8, '0')).join('')}`;
    this.#write(Buffer.concat([Buffer.from(header), name]));
    this.#write(content);
  }

  /** Names and contents begin at multiples of four bytes. */
  #write(bytes) {
    const padding = Buffer.alloc(-bytes.length & 3);
    for (const part of [bytes, padding]) {
      let done = 0;
      while (done < part.length) done += writeSync(this.#fd, part, done);
    }
  }
}
