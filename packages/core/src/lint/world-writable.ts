import type { Rule } from './rule.ts';

export const worldWritable: Rule = {
  name: 'world-writable',
  summary: 'No file is writable for everybody.',
  *check({ tree }) {
    for (const [path, { type, mode }] of tree) {
      if (type !== 'file' || (mode & 0o002) === 0) continue;
      yield {
        severity: 'error',
        path: `/${path}`,
        message:
          'is writable for everybody: it stays so in every copy, and where /usr is merged mutable anybody can change it',
        fix: 'give it mode 0644, or 0755 when it is a program',
      };
    }
  },
};
