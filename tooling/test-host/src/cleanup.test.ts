import { readFile, readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { expect, test } from 'vitest';
import { cacheDirectory } from './cache.ts';
import { cgroupBase } from './cgroup.ts';
import { bootAndKill, makeImage, scratch } from './fixture.ts';
import { type Host, bootHost, createNetwork, describeHost } from './index.ts';
import { until } from './wait.ts';

/** What is left of the host `name`, whose image has a file name that no other test uses. */
async function leftovers(name: string, image: string, subnet?: string) {
  const lines = async (path: string) => (await readFile(path, 'utf8').catch(() => '')).split('\n');
  const loops = (await readdir('/sys/block')).filter((device) => device.startsWith('loop'));
  const backing = await Promise.all(loops.map((device) => lines(`/sys/block/${device}/loop/backing_file`)));
  const pids = (await readdir('/proc')).filter((entry) => /^\d+$/.test(entry));
  const commands = await Promise.all(pids.map((pid) => lines(`/proc/${pid}/cmdline`)));
  const mounts = await Promise.all(pids.map((pid) => lines(`/proc/${pid}/mountinfo`)));
  const link = subnet?.replace(/^10\.(\d+)\.(\d+)\..*$/, 'sysext-$1-$2');
  return {
    // In whatever mount namespace still has a process.
    mounts: mounts.flat().filter((line) => line.includes(cacheDirectory()) && line.includes(`.${name} `)),
    loops: backing.flat().filter((file) => file.includes(basename(image))),
    processes: commands
      .flat()
      .filter((command) => command.split('\0').some((word) => word === name || word === `--machine=${name}`)),
    links: (await readdir('/sys/class/net')).filter((each) => each === link),
    disks: (await readdir(join(cacheDirectory(), 'disks'))).filter((each) => each.endsWith(`.${name}`)),
    cgroups: (await readdir(cgroupBase() ?? '')).filter((each) => each.endsWith(`.${name}`)),
  };
}

const nothing = { mounts: [], loops: [], processes: [], links: [], disks: [], cgroups: [] };

describeHost('nothing is left', () => {
  test('of a host and a network that are disposed', async () => {
    await using dir = await scratch();
    const image = await makeImage(dir.path, 'disposed');
    let subnet: string;
    {
      await using network = await createNetwork();
      subnet = network.subnet;
      await using host = await bootHost({ name: 'disposed', network, images: { disposed: image } });
      await host.spawn(['sleep', 'infinity']);
      const during = await leftovers('disposed', image, subnet);
      expect(during.mounts.length).toBeGreaterThan(1);
      expect(during.loops).toHaveLength(1);
      expect(during.links).toHaveLength(1);
      expect(during.disks).toHaveLength(1);
      expect(during.cgroups).toHaveLength(1);
      expect(during.processes.length).toBeGreaterThan(1);
    }
    expect(await leftovers('disposed', image, subnet)).toEqual(nothing);
  });

  test('when a test throws', async () => {
    await using dir = await scratch();
    const image = await makeImage(dir.path, 'throwing');
    let subnet = '';
    const failing = async () => {
      await using network = await createNetwork();
      subnet = network.subnet;
      await using _: Host = await bootHost({ name: 'throwing', network, images: { throwing: image } });
      throw new Error('a failed expectation');
    };
    await expect(failing()).rejects.toThrow('a failed expectation');
    expect(await leftovers('throwing', image, subnet)).toEqual(nothing);
  });

  test('of a host that did not boot', async () => {
    await using dir = await scratch();
    const image = await makeImage(dir.path, 'failing');
    // Its extension-release file has another name, which aborts the merge.
    await expect(bootHost({ name: 'failing', images: { other: image } })).rejects.toThrow('degraded');
    expect(await leftovers('failing', image)).toEqual(nothing);
  });

  test('when the test process is killed', async () => {
    await using dir = await scratch();
    const image = await makeImage(dir.path, 'hello');
    const unique = `killed${process.pid}`;
    const subnet = await bootAndKill(unique, image);
    expect(subnet).toMatch(/^10\./);
    // The kernel takes all of it down by itself and says to nobody when it is done.
    const gone = await until({ timeout: 10_000, interval: 10 }, async () => {
      const left = await leftovers(unique, image, subnet);
      return [left.mounts, left.loops, left.processes, left.links].flat().length === 0 ? left : undefined;
    });
    expect(gone).toMatchObject({ mounts: [], loops: [], processes: [], links: [] });
  });

  test('after the next boot, of the disk and control group of a killed process', async () => {
    await using dir = await scratch();
    const image = await makeImage(dir.path, 'hello');
    const unique = `swept${process.pid}`;
    await bootAndKill(unique, image);
    await bootAndKill(`${unique}-next`, image);
    expect(await leftovers(unique, image)).toMatchObject({ disks: [], cgroups: [] });
  });
});
