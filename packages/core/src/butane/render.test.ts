import { gunzipSync } from 'node:zlib';
import { describeIgnition, transpile, validate } from '@sysext/ignition';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ButaneDocument } from './document.ts';
import { butaneVersions, renderButane } from './render.ts';

const document: ButaneDocument = {
  files: [
    { path: '/opt/extensions/a/a.raw', url: 'https://sysext.example/a/a.raw', sha256: 'ab'.repeat(32) },
    { path: '/etc/key', mode: 0o640, gid: 232, text: 'two\n  lines\n' },
    { path: '/etc/keyring', bytes: new Uint8Array([0x99, 0, 255]) },
  ],
  directories: [{ path: '/etc/pki', mode: 0o750, uid: 1, gid: 232 }],
  links: [
    { path: '/etc/extensions/docker-flatcar.raw', target: '/dev/null', overwrite: true },
    { path: '/etc/extensions/a.raw', target: '/opt/extensions/a/a.raw' },
  ],
  units: [
    {
      name: 'a.service',
      enabled: true,
      text: '[Service]\nExecStart=/bin/true\n[Install]\nWantedBy=multi-user.target\n',
    },
  ],
};

test('a document is text in a fixed order', () => {
  expect(renderButane(document, { version: '1.0.0' }))
    .toBe(`# Written by sysext. butane --strict makes the Ignition configuration of it.

variant: flatcar
version: 1.0.0
storage:
  directories:
    - path: /etc/pki
      mode: 0750
      user:
        id: 1
      group:
        id: 232
  files:
    - path: /etc/key
      mode: 0640
      group:
        id: 232
      contents:
        inline: |
          two
            lines
    - path: /etc/keyring
      mode: 0644
      contents:
        source: data:;base64,mQD/
    - path: /opt/extensions/a/a.raw
      mode: 0644
      contents:
        source: https://sysext.example/a/a.raw
        verification:
          hash: sha256-${'ab'.repeat(32)}
  links:
    - path: /etc/extensions/a.raw
      target: /opt/extensions/a/a.raw
    - path: /etc/extensions/docker-flatcar.raw
      target: /dev/null
      overwrite: true
systemd:
  units:
    - name: a.service
      enabled: true
      contents: |
        [Service]
        ExecStart=/bin/true
        [Install]
        WantedBy=multi-user.target
`);
  const { files, directories, links, units } = document;
  expect(renderButane({ files: files.toReversed(), directories, links: links.toReversed(), units })).toBe(
    renderButane(document),
  );
});

interface Ignition {
  readonly storage: {
    readonly files: { readonly contents: { readonly source: string; readonly compression?: string } }[];
  };
}

describeIgnition('by the real Butane', () => {
  test.each(butaneVersions)('all that a document can hold is valid in version %s', async (version) => {
    await validate(await transpile(renderButane(document, { version })));
  });

  test('any text comes through as it is', { timeout: 60_000 }, async () => {
    const awkward = fc.oneof(
      fc.string({ unit: 'grapheme' }),
      fc.string({
        unit: fc.constantFrom('\n', ' ', '\t', '#', ':', '-', '"', "'", '|', '\\', '%', '0', 'a', '\r', '\u0085', 'é'),
      }),
      fc.constantFrom('yes', '0644', '~', '1:20', '<<', '2026-11-25', '\n', '  x\n', 'x\n\n\n', '---\n', '...\n'),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(awkward, { minLength: 20, maxLength: 20 }), async (texts) => {
        const files = texts.map((text, index) => ({ path: `/etc/${String(index).padStart(2, '0')}`, text }));
        const ignition = await transpile(renderButane({ files, directories: [], links: [], units: [] }));
        const { storage } = JSON.parse(ignition) as Ignition;
        expect(storage.files.map(({ contents }) => decode(contents))).toEqual(texts);
      }),
      { numRuns: 100 },
    );
  });
});

/** The text in a data URL (RFC 2397), as Ignition takes it. */
function decode({ source, compression }: Ignition['storage']['files'][number]['contents']): string {
  const [, base64, data] = /^data:(;base64)?,([^]*)$/.exec(source)!;
  const bytes = base64 === undefined ? Buffer.from(decodeURIComponent(data!)) : Buffer.from(data!, 'base64');
  return (compression === 'gzip' ? gunzipSync(bytes) : bytes).toString();
}
