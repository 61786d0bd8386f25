import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { lint } from './lint.ts';
import { rules } from './rules.ts';
import { imageCases } from './testing/image-cases.ts';
import { layoutCases } from './testing/layout-cases.ts';
import { metadataCases } from './testing/metadata-cases.ts';
import { programCases } from './testing/program-cases.ts';
import { releaseCases } from './testing/release-cases.ts';
import { unitCases } from './testing/unit-cases.ts';

/**
 * What has broken hosts, numbered as in the catalogue of faults this linter was written from, and
 * the rules that find it. Numbers 32 to 40 are about repositories and transfers, not about images.
 */
const catalogue: Readonly<Record<number, readonly string[]>> = {
  1: ['release-file-missing', 'release-file-syntax'],
  2: ['release-file-name'],
  3: ['os-release'],
  4: ['release-id'],
  5: ['release-architecture'],
  6: ['elf-machine', 'elf-damaged'],
  7: ['release-level'],
  8: ['release-level'],
  9: ['shared-library-missing', 'glibc-too-new', 'libstdcxx-too-new', 'elf-interpreter', 'script-interpreter'],
  10: ['usr-sbin'],
  11: ['host-link-covered', 'host-directory-covered'],
  12: ['opt-content'],
  13: ['outside-usr'],
  14: ['not-owned-by-root'],
  15: ['directory-mode'],
  16: ['world-writable', 'privileged-file'],
  17: ['overlay-marker', 'special-file'],
  18: ['build-host-attributes'],
  19: ['host-file', 'flatcar-extension-file'],
  20: ['reload-manager'],
  21: ['unit-enable-link', 'drop-in-name', 'upheld-oneshot', 'upheld-condition'],
  22: ['unit-undeclared', 'unit-missing'],
  23: ['unit-exec-path', 'unit-syntax'],
  24: ['sysusers-not-run', 'tmpfiles-not-run', 'tmpfiles-copy', 'sysusers-id', 'unit-user'],
  25: ['erofs', 'file-system'],
  26: ['image-truncated', 'image-padding'],
  27: ['disk-image-partition', 'disk-image-signature'],
  28: ['release-scope'],
  29: ['name-characters', 'name-reserved'],
  30: ['name-prefix'],
  31: ['version-characters'],
  41: ['sysupdate-definitions'],
  42: ['image-timestamp'],
  43: ['kernel-modules'],
  44: ['link-dangling', 'link-leaves-usr'],
};

const cases = [...releaseCases, ...programCases, ...layoutCases, ...metadataCases, ...unitCases, ...imageCases];
const names = rules.map(({ name }) => name);

describe('the catalogue', () => {
  test.each([...Array.from({ length: 31 }, (_, index) => index + 1), 41, 42, 43, 44])(
    'number %i has a rule',
    (number) => {
      expect(catalogue[number]?.length).toBeGreaterThan(0);
    },
  );

  test('and the registry name the same rules, in order', () => {
    expect([...new Set(Object.values(catalogue).flat())].toSorted()).toEqual(names);
  });

  test.each(rules)('$name has a file of its own, a summary and a case that breaks it', ({ name, summary }) => {
    expect(existsSync(join(import.meta.dirname, `${name}.ts`))).toBe(true);
    expect(summary).toMatch(/^[A-Z].*\.$/);
    expect(cases.some((one) => one.rule === name && one.findings.some(([, where]) => !where.includes(':')))).toBe(true);
  });
});

test('docs/lint.md lists every rule', async () => {
  const list = rules.map(({ name, summary }) => `- \`${name}\`: ${summary}\n`).join('');
  const text = `# Lint rules

Every finding is reported at once, with its rule, its path, why it matters and what to change. A build refuses an image
with an error. A finding that is meant to be is allowed in the recipe, with the reason, which then stands in the build
record: \`allow: [{ rule: 'host-file', path: '/usr/bin/etcdctl', why: '…' }]\`.

\`sysext lint\` takes an extension, a directory, or an image of anybody's.

\`sysext lint --all\` compares the extensions of a checkout with each other and with Flatcar's own files, by the lists of
paths that are checked in with them (\`test/golden/tree.txt\`); nothing is downloaded. In these lists a directory that a recipe
takes whole stands as one sample.

${list}- \`shared-path\`: No two extensions that may be merged together ship the same path.
- \`stale-allowance\`: A recipe allows only what would be found.
`;
  await expect(text).toMatchFileSnapshot(join(import.meta.dirname, '../../../../docs/lint.md'));
});

test.each(cases)('$rule: $when', async ({ rule, subject, findings }) => {
  const found = await lint(subject);
  const expected = findings.map(([severity, where]) => {
    const [named, place] = where.includes(': ') ? (where.split(': ') as [string, string]) : [rule, where];
    return { rule: named, severity, path: place === 'image' ? undefined : `/${place}` };
  });
  expect(found.map(({ rule: by, severity, path }) => ({ rule: by, severity, path }))).toEqual(expected);
  for (const { message, fix } of found) expect(`${message} ${fix}`).not.toMatch(/undefined|\[object/);
});
