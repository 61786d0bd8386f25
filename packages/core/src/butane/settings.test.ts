import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { Settings, renderSettings } from './settings.ts';

test('one line a setting, in the order they were given', () => {
  const settings = Settings.parse({ server: 'https://10.0.0.1:6443', 'node-label': ['a=b', 'c'], debug: true });
  expect(renderSettings(settings)).toBe('server: "https://10.0.0.1:6443"\nnode-label: ["a=b","c"]\ndebug: true\n');
});

test.each([[{ '--server': 'x' }], [{ 'a: b\nc': 'x' }], [{ token: 'a\nb' }], [{ token: { from: 'x' } }]])(
  'refuses %j',
  (settings) => {
    expect(Settings.safeParse(settings).success).toBe(false);
  },
);

test('whatever it takes, YAML reads as the same', () => {
  const name = fc.stringMatching(/^[a-z][a-z0-9-]{0,12}$/);
  const value = fc.oneof(fc.string({ unit: 'grapheme' }), fc.boolean(), fc.integer(), fc.array(fc.string()));
  fc.assert(
    fc.property(fc.dictionary(name, value, { noNullPrototype: true }), (given) => {
      const { success, data } = Settings.safeParse(given);
      if (success) expect(parse(renderSettings(data)) ?? {}).toEqual(data);
    }),
  );
});
