import { describePayload } from '@sysext/payload';
import { createNetwork } from '@sysext/test-host';
import { test } from 'vitest';
import bird from '../extension.ts';

const config = (
  own: string,
  other: string,
  [as, otherAs]: readonly number[],
  route: string,
): string => `router id ${own};
protocol device {}
protocol kernel { ipv4 { import none; export all; }; }
protocol static { ipv4; route ${route} blackhole; }
protocol bgp uplink {
    local ${own} as ${as};
    neighbor ${other} as ${otherAs};
    ipv4 { import all; export where source = RTS_STATIC; };
}
`;

describePayload('bird', [{ extension: bird }], (boot) => {
  test('two hosts exchange routes', { timeout: 120_000 }, async () => {
    await using network = await createNetwork();
    await using first = await boot({ name: 'first', network });
    await using second = await boot({ name: 'second', network });
    await first.run(['bird', '-p', '-c', '/usr/share/bird/bird.example.conf']);
    await first.write('/etc/bird/bird.conf', config(first.address, second.address, [64512, 64513], '198.51.100.0/24'));
    await second.write('/etc/bird/bird.conf', config(second.address, first.address, [64513, 64512], '203.0.113.0/24'));
    await first.waitForUnit('bird.service');
    await second.waitForUnit('bird.service');
    await second.waitUntil(['ip', 'route', 'show', '198.51.100.0/24'], {
      accept: ({ stdout }) => stdout.includes(`via ${first.address}`),
      timeout: 60_000,
    });
    await first.waitUntil(['birdc', 'show', 'route'], {
      accept: ({ stdout }) => stdout.includes('203.0.113.0/24'),
      timeout: 60_000,
    });
  });
});
