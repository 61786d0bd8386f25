import { compareVersions } from '../version.ts';
import { feedProblem } from './feed.ts';
import type { ExtensionIndex } from './index-file.ts';
import { parseImageName } from './layout.ts';

/**
 * What in an index no publish would have written: versions that hosts cannot tell apart, or take for what they are
 * not, and files whose names say otherwise than the index. One line each.
 */
export function indexProblems(index: ExtensionIndex): string[] {
  const problems: string[] = [];
  for (const [at, version] of index.versions.entries()) {
    const next = index.versions[at + 1];
    const order = next === undefined ? 1 : compareVersions(version.version, next.version);
    if (order < 0) problems.push(`${version.version} stands before ${next!.version}, which is newer`);
    if (order === 0) problems.push(`systemd cannot tell ${version.version} from ${next!.version}`);
    const problem = feedProblem(index, version);
    if (problem !== undefined) problems.push(`${version.version}: ${problem}`);
    for (const { file, arch, raw } of version.images) {
      const named = parseImageName(index.name, file);
      if (named?.version !== version.version || named.arch !== arch || named.packed !== (raw !== undefined)) {
        problems.push(`${file} is no name for ${version.version} ${arch}`);
      }
    }
    if (new Set(version.images.map(({ arch }) => arch)).size !== version.images.length) {
      problems.push(`${version.version} has two images for one architecture`);
    }
  }
  return problems;
}
