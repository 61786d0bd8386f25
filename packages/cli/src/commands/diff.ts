import { styleText } from 'node:util';
import { type ImageDiff, diffImages } from '@sysext/core';
import { bytes, printResult, section, table } from '../output.ts';
import type { CommonOptions } from '../program.ts';
import { session } from '../session.ts';

/** `sysext diff`: what differs; exit status 1 when anything does. */
export async function diffCommand(options: CommonOptions, before: string, after: string): Promise<void> {
  await session(options, async (context) => {
    const diff = await diffImages(context, before, after);
    printResult(options.json, diff, () => render(diff));
    return diff.identical ? 0 : 1;
  });
}

function render({ identical, before, after, facts, release, paths, totals }: ImageDiff): string {
  if (identical) return `identical: sha256 ${before.sha256}`;
  const signed = (count: number): string => `${count < 0 ? '-' : '+'}${bytes(Math.abs(count))}`;
  return [
    `${before.file} → ${after.file}`,
    ...(facts.length === 0 ? [] : [section('image', table(facts.map((f) => [f.fact, `${f.before} → ${f.after}`])))]),
    ...(release.length === 0
      ? []
      : [
          section(
            'release',
            table(release.map((f) => [`/${f.path}`, f.field, `${f.before ?? '(none)'} → ${f.after ?? '(none)'}`])),
          ),
        ]),
    ...(paths.length === 0 ? [] : [section('paths', paths.map(renderPath).join('\n'))]),
    '',
    `${totals.added} added, ${totals.removed} removed, ${totals.changed} changed; content ${signed(totals.contentGrowth)}, image ${signed(totals.imageGrowth)}`,
  ].join('\n');
}

function renderPath(difference: ImageDiff['paths'][number]): string {
  const { path } = difference;
  if (difference.kind === 'added') return styleText('green', `+ /${path}`);
  if (difference.kind === 'removed') return styleText('red', `- /${path}`);
  const { aspects, before, after, patch } = difference;
  const changes = aspects.map((aspect) => `${aspect} ${shown(before[aspect])} → ${shown(after[aspect])}`);
  const text =
    patch === undefined ? '' : `\n${patch.split('\n').slice(3).join('\n').trimEnd().replaceAll(/^/gm, '    ')}`;
  return `${styleText('yellow', `~ /${path}`)} ${changes.join(', ')}${text}`;
}

function shown(value: string | number | readonly string[] | undefined): string {
  const text = typeof value === 'object' ? `[${value.join(' ')}]` : String(value ?? '(none)');
  return /^[0-9a-f]{64}$/.test(text) ? text.slice(0, 12) : text;
}
