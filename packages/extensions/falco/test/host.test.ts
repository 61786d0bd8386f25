import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bootHost, describeHost } from '@sysext/test-host';
import { expect, test } from 'vitest';

const files = join(import.meta.dirname, '..', 'files', 'usr', 'lib');
const unit = join(files, 'systemd', 'system', 'falcoctl-artifact-follow.service');
const rules = '/etc/falco/falco_rules.yaml';

describeHost('falco', () => {
  test('its settings are linked from /etc, and what falcoctl downloads takes the place of a link', async () => {
    const [, options] = /^ExecStart=\/usr\/bin\/falcoctl (.*)$/m.exec(await readFile(unit, 'utf8'))!;
    const [, directory = '/tmp'] = /--tmp-dir=(\S+)/.exec(options!) ?? [];
    // As falcoctl does it: a directory of its own, and a rename.
    const standIn = `#!/bin/sh -e
directory=$(mktemp --directory ${directory}/falcoctl-XXXXXX)
echo new >"$directory/rules"
mv --no-copy --force "$directory/rules" ${rules}
`;
    await using host = await bootHost({
      files: {
        '/etc/tmpfiles.d/falco.conf': { from: join(files, 'tmpfiles.d', 'falco.conf') },
        '/etc/systemd/system/falcoctl-artifact-follow.service': { from: unit },
        '/etc/systemd/system/falcoctl-artifact-follow.service.d/stand-in.conf':
          '[Service]\nType=oneshot\nRestart=no\nExecStart=\nExecStart=/etc/stand-in\n',
        '/etc/stand-in': { text: standIn, mode: 0o755 },
      },
    });
    expect(
      (await host.run(['readlink', '/etc/falcoctl/falcoctl.yaml', '/etc/falco/falco.yaml', rules])).stdout.split('\n'),
    ).toEqual(['falcoctl.yaml', 'falco.yaml', 'falco_rules.yaml'].map((name) => `/usr/share/falco/${name}`));
    await host.run(['systemctl', 'start', 'falcoctl-artifact-follow.service']);
    expect((await host.run(['stat', '--format=%F', rules])).stdout.trim()).toBe('regular file');
    expect(await host.read(rules)).toBe('new\n');
  });
});
