import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Extension, programsOf, readLock } from '@sysext/core';
import { expect, test } from 'vitest';
import { loadExtensions, root } from './extensions.ts';

test('docs/extensions.md shows what there is', async () => {
  const extensions = (await loadExtensions()).map((module) => module.default);
  const header = ['extension', 'what', 'version', 'from', 'starts', 'beside others', 'licence'];
  const rows = await Promise.all(extensions.map(rowOf));
  const text = `# The extensions

One package each, \`@sysext/<name>\`; every page says how it is deployed and how its service starts. “from” are the sources that
are tried in turn, and * says that the digest of a release is not known yet: its page has the command that learns it.

${table([header, ...rows])}`;
  await expect(text).toMatchFileSnapshot(join(root, '..', '..', 'docs', 'extensions.md'));
});

const starts = { 'on-merge': 'on merge', 'when-configured': 'once configured', manual: 'by hand' } as const;
const sourceNames = { release: 'release', goModules: 'Go modules', debian: 'Debian' } as const;

async function rowOf(extension: Extension): Promise<string[]> {
  const { name, summary, licence, services = {}, conflicts = [], requires = [], series } = extension;
  const { default: version, versions } = await readLock(extension.directory);
  const kinds = new Set(programsOf(extension).flatMap(([, { sources }]) => sources.map(({ kind }) => kind)));
  const unpinned = Object.keys(versions[version!]!.unpinned ?? {}).length > 0;
  const others = Object.keys(versions).length - 1;
  const started = Object.entries(services).map(([unit, { start }]) => `\`${unit}\` ${starts[start]}`);
  const beside = [
    ...(requires.length === 0 ? [] : [`needs ${requires.join(', ')}`]),
    ...(conflicts.length === 0 ? [] : [`not with ${conflicts.join(', ')}`]),
  ];
  return [
    `[${name}](../packages/extensions/${name}/README.md)`,
    summary,
    `${version}${others === 0 ? '' : `, ${others} more`}${series === undefined ? '' : ', by series'}`,
    [...kinds].map((kind) => `${sourceNames[kind]}${kind === 'release' && unpinned ? '\\*' : ''}`).join(', '),
    started.join(', '),
    beside.join('; '),
    licence,
  ];
}

/** As the formatter writes it. */
function table(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column]!)).join(' | ')} |\n`;
  const [header, ...body] = rows;
  return [line(header!), line(widths.map((width) => '-'.repeat(width))), ...body.map(line)].join('');
}

test('README.md counts right', async () => {
  const [readme, rules] = await Promise.all(
    ['README.md', 'docs/lint.md'].map(async (name) => await readFile(join(root, '..', '..', name), 'utf8')),
  );
  expect(readme).toContain(`[${(await loadExtensions()).length} of them](docs/extensions.md)`);
  expect(readme).toContain(`refused: ${rules!.match(/^- `/gm)!.length} rules`);
});
