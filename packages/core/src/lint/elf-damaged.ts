import type { Rule } from './rule.ts';

export const elfDamaged: Rule = {
  name: 'elf-damaged',
  summary: 'Files that begin like a program are whole.',
  *check({ damagedElves, tree }) {
    for (const [path, damage] of damagedElves) {
      yield {
        severity: ((tree.get(path)?.mode ?? 0) & 0o111) !== 0 ? 'error' : 'warning',
        path: `/${path}`,
        message: `begins like an ELF file and is damaged (${damage}): a host cannot run it`,
        fix: 'compare it with what upstream publishes, and fetch it again',
      };
    }
  },
};
