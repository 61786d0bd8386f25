import { randomBytes } from 'node:crypto';
import {
  chmod,
  chown,
  constants,
  copyFile,
  cp,
  lchown,
  lstat,
  mkdir,
  open,
  readdir,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { basename, dirname, join, normalize, relative } from 'node:path';
import { cacheDirectory } from './cache.ts';
import { ownedName, removeTree, sweep } from './owner.ts';
import type { Rootfs } from './rootfs.ts';
import { tool } from './tool.ts';

/** A file to be on a host's disk: its text, or more about it. Mode 0644 and owner root unless given. */
export type HostFile =
  | string
  | ({ readonly mode?: number; readonly uid?: number; readonly gid?: number } & (
      | { readonly text: string }
      /** A file or directory of the machine outside. */
      | { readonly from: string }
    ))
  /** A symbolic link. */
  | { readonly link: string };

/** Paths on a host to what is there before it boots. */
export type HostFiles = Readonly<Record<string, HostFile>>;

/**
 * Images by the name they are merged under, or just the images: then an image's name is what
 * precedes `-` and a version in its file name.
 */
export type HostImages = Readonly<Record<string, string>> | readonly string[];

/** Hierarchies that are read-only on a host, or that a boot starts empty. */
const notOnDisk = new Set(['usr', 'bin', 'sbin', 'lib', 'lib64', 'dev', 'proc', 'run', 'sys', 'tmp']);

/**
 * What a host stores: a directory of its own, writable and on the machine's disk. It survives
 * everything that happens to the host and goes when it is disposed.
 */
export class Disk implements AsyncDisposable {
  /** Directory that becomes the host's root. */
  readonly root: string;

  private constructor(root: string) {
    this.root = root;
  }

  /** Makes the disk of a host that was never booted. */
  static async create(rootfs: Rootfs, name: string): Promise<Disk> {
    const disk = new Disk(join(disksDirectory(), ownedName(name)));
    await mkdir(disksDirectory(), { recursive: true });
    try {
      await tool('cp', ['--archive', '--reflink=auto', rootfs.rest, disk.root]);
      await disk.put('/etc/hostname', `${name}\n`);
      // Having one, systemd does not take this for a machine's first boot, which would ask questions.
      await disk.put('/etc/machine-id', `${randomBytes(16).toString('hex')}\n`);
    } catch (error) {
      await disk[Symbol.asyncDispose]();
      throw error;
    }
    return disk;
  }

  /**
   * Puts images where an operator puts them: a file in `/opt/extensions/<name>/`, and a link
   * to it at `/etc/extensions/<name>.raw`. They are copies: nothing that happens on the host
   * reaches the original.
   */
  async putImages(images: HostImages): Promise<void> {
    const named = Array.isArray(images)
      ? images.map((path: string) => [imageName(path), path] as const)
      : Object.entries(images);
    for (const [name, path] of named) {
      const target = `/opt/extensions/${name}/${basename(path)}`;
      await this.put(target, { from: path });
      await this.put(`/etc/extensions/${name}.raw`, { link: target });
    }
  }

  /** Puts one file, with the directories it needs, on the disk of a host that is off. */
  async put(path: string, file: HostFile): Promise<void> {
    const place = await this.#place(path);
    if (typeof file === 'string') return writeFile(place, file);
    await rm(place, { force: true, recursive: true });
    if ('link' in file) return symlink(file.link, place);

    const { uid = 0, gid = 0 } = file;
    if ('text' in file) await writeFile(place, file.text);
    else if ((await stat(file.from)).isDirectory()) await copyDirectory(file.from, place, uid, gid);
    else await copyFile(file.from, place, constants.COPYFILE_FICLONE);
    if ('text' in file || file.mode !== undefined || (await stat(place)).isFile())
      await chmod(place, file.mode ?? 0o644);
    await chown(place, uid, gid);
  }

  /** Makes the next boot the first one of a machine: systemd applies presets, and gives it an identity. */
  async forgetIdentity(): Promise<void> {
    await rm(join(this.root, 'etc/machine-id'), { force: true });
  }

  /** Appends to a file; also while the host is running. */
  async append(path: string, text: string): Promise<void> {
    const flags = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW;
    await using file = await open(await this.#place(path), flags, 0o644);
    await file.writeFile(text);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await removeTree(this.root);
  }

  /** Where `path` of the host is out here. Follows no link, since an absolute one would lead out of the disk. */
  async #place(path: string): Promise<string> {
    const inside = relative('/', normalize(path));
    const [top = ''] = inside.split('/');
    if (!path.startsWith('/') || top === '') throw new Error(`not an absolute path on the host: ${path}`);
    if (notOnDisk.has(top)) throw new Error(`${path}: /${top} is not on the disk of a host; an image can bring it`);
    const directory = dirname(inside);
    let walked = this.root;
    for (const part of directory === '.' ? [] : directory.split('/')) {
      walked = join(walked, part);
      const found = await lstat(walked).catch(() => undefined);
      if (found === undefined) await mkdir(walked, { mode: 0o755 });
      else if (!found.isDirectory())
        throw new Error(`${path}: /${relative(this.root, walked)} is not a directory on the host`);
    }
    return join(this.root, inside);
  }
}

async function copyDirectory(from: string, to: string, uid: number, gid: number): Promise<void> {
  await cp(from, to, { recursive: true, verbatimSymlinks: true, mode: constants.COPYFILE_FICLONE });
  for (const name of await readdir(to, { recursive: true })) await lchown(join(to, name), uid, gid);
}

function imageName(path: string): string {
  const file = basename(path, '.raw');
  return /^(.+?)-v?\d/.exec(file)?.[1] ?? file;
}

function disksDirectory(): string {
  return join(cacheDirectory(), 'disks');
}

/** Removes the disks that killed test processes left. */
export async function sweepDisks(): Promise<void> {
  await sweep(disksDirectory());
}
