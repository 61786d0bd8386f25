import { noise } from '@sysext/testing';
import { expect, test } from 'vitest';
import { parseKeyring } from '../repository/keyring.ts';
import { fabricate } from '../repository/testing/fabricate.ts';
import { startWorkshop } from '../repository/testing/repository.ts';
import { builtParameters } from './built.ts';
import { publishedParameters } from './published.ts';

test('a repository knows its address, its keys and its newest image', async () => {
  await using workshop = await startWorkshop();
  await workshop.publish([{ version: 'v1.2.3' }, { version: 'v1.3.0' }, { version: 'v1.2.3', arch: 'arm64' }]);
  const options = { repository: workshop.repository, name: 'demo', arch: 'x86-64' } as const;
  const parameters = await publishedParameters(workshop.context(), options);
  expect(parameters).toMatchObject({
    baseUrl: 'https://sysext.example/',
    image: { version: 'v1.3.0', arch: 'x86-64' },
  });
  expect(parameters).not.toHaveProperty('verify');

  const version = async (more: object): Promise<string> =>
    (await publishedParameters(workshop.context(), { ...options, ...more })).image.version;
  expect(await version({ series: '1.2' })).toBe('v1.2.3');
  expect(await version({ version: '1.2.3' })).toBe('v1.2.3');
  expect(await version({ arch: 'arm64' })).toBe('v1.2.3');
  await expect(version({ version: 'v9' })).rejects.toMatchObject({
    code: 'USAGE',
    hint: expect.stringContaining('v1.3.0 (x86-64); v1.2.3 (x86-64, arm64)'),
  });
  await expect(version({ name: 'other' })).rejects.toThrow('holds no extension "other"');
  await expect(version({ repository: workshop.path })).rejects.toThrow('holds no index.json');
});

test('its index is believed with a good signature only', async () => {
  await using workshop = await startWorkshop();
  await using other = await startWorkshop();
  await workshop.publish([{ version: 'v1.2.3' }]);
  const options = { repository: workshop.repository, name: 'demo', arch: 'x86-64' } as const;
  await expect(
    publishedParameters(workshop.context(), {
      ...options,
      keyring: await parseKeyring(other.signer.publicKey, 'other'),
    }),
  ).rejects.toMatchObject({ code: 'SIGNATURE_INVALID' });
});

test('what Ignition cannot unpack is refused, published or built', async () => {
  await using workshop = await startWorkshop();
  const [published] = await workshop.publish([{ version: 'v1.2.3' }]);
  expect(await builtParameters(`${workshop.path}/dist/demo-v1.2.3-x86-64.raw`, 'demo')).toEqual({
    image: { version: 'v1.2.3', arch: 'x86-64', sha256: published!.sha256 },
  });
  const packed = await fabricate(`${workshop.path}/packed`, { version: 'v1.4.0', packed: noise(100) });
  await expect(builtParameters(packed, 'demo')).rejects.toThrow(/demo-v1\.4\.0-x86-64\.raw\.xz, which Ignition cannot/);
  await expect(builtParameters(packed, 'other')).rejects.toThrow('an image of demo, not of other');
});
