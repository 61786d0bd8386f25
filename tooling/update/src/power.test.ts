import { setTimeout as after } from 'node:timers/promises';
import { createNetwork, describeHost } from '@sysext/test-host';
import { expect, test } from 'vitest';
import { Follower } from './follower.ts';
import { releases } from './releases.ts';

/** Power cuts per release. */
const cuts = 100;

/** Milliseconds: an update takes about half of it. */
const longest = 1200;

/** Offers one version after the other, cuts the power at random moments, and looks at what is left. */
async function cutPower(follower: Follower): Promise<Record<'old' | 'new', number>> {
  const { host, shelf } = follower;
  const seen = { old: 0, new: 0 };
  let before = '1.0';
  for (let cut = 1; cut <= cuts; cut++) {
    const version = `1.${cut}`;
    await shelf.offer(await follower.make(version));
    await host.run(['systemctl', 'start', '--no-block', 'sysext-update@demo.service']);
    // The moment is left to chance.
    await after(Math.random() * longest);
    await host.crash();
    await host.boot();
    const { link, merged } = await follower.state();
    expect([before, version]).toContain(merged);
    expect(link).toBe(merged);
    seen[merged === version ? 'new' : 'old']++;
    await host.waitForUnit('demo.service');
    const { exitCode, stderr } = await follower.update();
    if (exitCode !== 0) throw new Error(`after cut ${cut}: ${stderr}\n${await follower.log()}`);
    expect(await follower.state()).toEqual({ link: version, merged: version });
    before = version;
  }
  return seen;
}

describeHost('a power cut at any moment of an update', () => {
  test('leaves the old version or the new one, and the next update gets through', { timeout: 900_000 }, async () => {
    await using network = await createNetwork();
    await using stack = new AsyncDisposableStack();
    const followers: Follower[] = [];
    for (const release of releases) followers.push(stack.use(await Follower.boot(network, { release })));
    for (const seen of await Promise.all(followers.map(cutPower))) {
      expect(seen.old).toBeGreaterThan(0);
      expect(seen.new).toBeGreaterThan(0);
      process.stderr.write(`${seen.old} times the old version, ${seen.new} times the new one\n`);
    }
  });
});
