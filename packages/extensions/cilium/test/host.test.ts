import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bootHost, describeHost } from '@sysext/test-host';
import { expect, test } from 'vitest';

const unit = join(import.meta.dirname, '..', 'files', 'usr', 'lib', 'systemd', 'system', 'cilium.service');

/** Fails the first time, as where there is no cluster yet; writes down its words, one a line. */
const standIn = `#!/bin/sh -e
printf '%s\\n' "$@" "" >>/var/lib/cilium-install/called
[ "$(grep -c '^install$' /var/lib/cilium-install/called)" = 2 ]
`;

describeHost('cilium', () => {
  test('installs once, with arguments that are words', async () => {
    await using host = await bootHost({
      files: {
        '/etc/systemd/system/cilium.service': (await readFile(unit, 'utf8')).replace(
          '/usr/local/bin/cilium',
          '/etc/cilium/stand-in',
        ),
        '/etc/systemd/system/cilium.service.d/sooner.conf': '[Service]\nRestartSec=0\n',
        '/etc/cilium/stand-in': { text: standIn, mode: 0o755 },
        '/etc/cilium/install.env': 'CILIUM_INSTALL_ARGUMENTS="--version 1.18.0 --set ipam.mode=kubernetes"\n',
      },
    });
    await host.run(['systemctl', 'start', '--no-block', 'cilium.service']);
    await host.waitForUnit('cilium.service');
    const call = 'install\n--version\n1.18.0\n--set\nipam.mode=kubernetes\n\n';
    expect(await host.read('/var/lib/cilium-install/called')).toBe(call.repeat(2));

    await host.run(['systemctl', 'restart', 'cilium.service']);
    expect((await host.run(['systemctl', 'is-active', 'cilium.service'], { check: false })).stdout.trim()).toBe(
      'inactive',
    );
    expect(await host.read('/var/lib/cilium-install/called')).toBe(call.repeat(2));
  });
});
