import { type Inspection, inspectImage } from '@sysext/core';
import { bytes, printResult, section, table } from '../output.ts';
import type { CommonOptions } from '../program.ts';
import { session } from '../session.ts';

/** `sysext inspect`: what an image is, and what it holds. */
export async function inspectCommand(options: CommonOptions, image: string): Promise<void> {
  await session(options, async (context) => {
    const inspection = await inspectImage(context, image);
    printResult(options.json, inspection, () => render(inspection));
  });
}

function render({ image, releases, units, programs, damagedPrograms, directories, paths }: Inspection): string {
  const where = image.offset === 0 ? '' : `, in a disk image at byte ${image.offset}`;
  const facts = [
    ['file', image.file],
    ['size', `${bytes(image.size)} (${image.size} bytes)`],
    ['sha256', image.sha256],
    ['format', `${image.fileSystem}, ${image.compression}, blocks of ${image.blockSize} bytes${where}`],
    ['made', image.createdAt === 0 ? 'no date' : new Date(image.createdAt * 1000).toISOString()],
  ];
  return [
    table(facts),
    ...releases.map(({ path, fields }) =>
      section(`/${path}`, table(Object.entries(fields).map(([key, value]) => [key, value]))),
    ),
    ...(releases.length === 0 ? ['\nno release file: hosts refuse this image, and every other with it'] : []),
    ...(units.length === 0 ? [] : [section('units', table(units.map(unitRow)))]),
    ...(programs.length === 0 ? [] : [section('programs', table(programs.map(programRow)))]),
    ...(damagedPrograms.length === 0
      ? []
      : [section('damaged programs', table(damagedPrograms.map(({ path, damage }) => [`/${path}`, damage])))]),
    section(
      'directories',
      table(directories.map(({ path, files, size }) => [`/${path}`, `${files} files`, bytes(size)])),
    ),
    section('files', table(paths.map(pathRow))),
  ].join('\n');
}

function unitRow({ name, path, startedBy, description = '' }: Inspection['units'][number]): string[] {
  const started =
    startedBy.map(({ how, path }) => `${how} (/${path})`).join(', ') ||
    (path === undefined ? "drop-ins for the host's unit" : 'not started by the image');
  return [name, description, started];
}

function programRow({
  path,
  machine,
  isStatic,
  interpreter,
  needed,
  versions,
}: Inspection['programs'][number]): string[] {
  if (isStatic) return [`/${path}`, machine, 'static'];
  const newest = Object.values(versions)
    .flat()
    .filter((version) => /^GLIBC_\d/.test(version));
  const needs = [interpreter, ...needed, ...newest.slice(-1)].filter((need) => need !== undefined);
  return [`/${path}`, machine, needs.join(' ')];
}

function pathRow({
  path,
  type,
  mode,
  uid,
  gid,
  size,
  sha256,
  target,
  xattrs,
  major,
  minor,
}: Inspection['paths'][number]): string[] {
  const letter = {
    file: '-',
    directory: 'd',
    symlink: 'l',
    fifo: 'p',
    socket: 's',
    'character-device': 'c',
    'block-device': 'b',
  }[type];
  const more = [
    ...(target === undefined ? [] : [`-> ${target}`]),
    ...(major === undefined ? [] : [`${major}:${minor}`]),
    ...(xattrs.length === 0 ? [] : [`[${xattrs.join(' ')}]`]),
  ];
  return [
    `${letter}${mode}`,
    `${uid}:${gid}`,
    size === undefined ? '' : String(size),
    sha256?.slice(0, 12) ?? '',
    [`/${path}`, ...more].join(' '),
  ];
}
