import {
  appendFile,
  glob,
  lstat,
  mkdir,
  readdir,
  readlink,
  rename,
  rm,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Dressing } from './flatcar.ts';

/**
 * Turns a Debian root file system into one laid out as Flatcar's. Needs doing once, by root;
 * on an error the tree is of no use.
 */
export async function dress(root: string, dressing: Dressing): Promise<void> {
  await resolveAlternatives(root);
  await mergeSbin(join(root, 'usr'));
  await mergeSbin(join(root, 'usr/local'));
  for await (const path of glob([...dressing.remove], { cwd: root })) {
    await rm(join(root, path), { recursive: true, force: true });
  }
  for (const path of dressing.directories) await mkdir(join(root, path), { recursive: true });
  for (const [path, text] of Object.entries(dressing.files)) await writeFile(join(root, path), text);
  for (const [path, target] of Object.entries(dressing.links)) {
    await rm(join(root, path), { force: true });
    await symlink(target, join(root, path));
  }
  for (const user of dressing.users) await addUser(root, user);
  await settleUpdates(root);
}

/** Points links from `/usr` through `/etc/alternatives` straight at their targets: `/usr` stands alone on Flatcar. */
async function resolveAlternatives(root: string): Promise<void> {
  for (const directory of ['usr/bin', 'usr/sbin']) {
    for (const name of await readdir(join(root, directory))) {
      const link = join(root, directory, name);
      const target = await readlink(link).catch(() => '');
      if (!target.startsWith('/etc/alternatives/')) continue;
      const chosen = await readlink(join(root, target)).catch(() => undefined);
      await rm(link);
      if (chosen !== undefined) await symlink(chosen, link);
    }
  }
}

/** Moves programs from `sbin` to `bin` and makes `sbin` a link, as Flatcar has it since 4116. */
async function mergeSbin(usr: string): Promise<void> {
  for (const name of await readdir(join(usr, 'sbin'))) {
    const taken = await lstat(join(usr, 'bin', name)).then(
      () => true,
      () => false,
    );
    // Debian puts links in one of the two for programs that are in the other.
    if (!taken) await rename(join(usr, 'sbin', name), join(usr, 'bin', name));
  }
  await rm(join(usr, 'sbin'), { recursive: true });
  await symlink('bin', join(usr, 'sbin'));
}

async function addUser(root: string, { name, id, home, shell }: Dressing['users'][number]): Promise<void> {
  await appendFile(join(root, 'etc/passwd'), `${name}:x:${id}:${id}::${home}:${shell}\n`);
  await appendFile(join(root, 'etc/shadow'), `${name}:*:::::::\n`);
  await appendFile(join(root, 'etc/group'), `${name}:x:${id}:\n`);
  if (home.startsWith('/home/')) await mkdir(join(root, home));
}

/**
 * Makes `ConditionNeedsUpdate=` false for good. It compares these files' times with that of
 * `/usr`, which a merge sets to the present (systemd, src/sysext/sysext.c), so that whether
 * `systemd-sysusers.service` sees the users of an image would hang on which of the two runs
 * first. A Flatcar host between two OS updates does not run it.
 */
async function settleUpdates(root: string): Promise<void> {
  const later = new Date('2100-01-01T00:00:00Z');
  for (const directory of ['etc', 'var']) {
    const mark = join(root, directory, '.updated');
    await writeFile(mark, '');
    await utimes(mark, later, later);
  }
}

/** Takes `usr` out of a root file system: it is shared by all hosts, the rest is copied for each. */
export async function splitUsr(root: string, usr: string): Promise<void> {
  await mkdir(dirname(usr), { recursive: true });
  await rename(join(root, 'usr'), usr);
  await mkdir(join(root, 'usr'));
  for (const name of ['dev', 'proc', 'run', 'sys', 'tmp', 'boot']) {
    await rm(join(root, name), { recursive: true, force: true });
    await mkdir(join(root, name));
  }
}
