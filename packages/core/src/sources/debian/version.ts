/**
 * Debian's order of versions: epoch, then upstream's version, then revision; `1.0~rc1` is before `1.0`
 * (deb-version(7)).
 */
export function compareDebianVersions(a: string, b: string): number {
  const [left, right] = [partsOf(a), partsOf(b)];
  return (
    compareNumbers(left.epoch, right.epoch) ||
    compareParts(left.upstream, right.upstream) ||
    compareParts(left.revision, right.revision)
  );
}

function partsOf(version: string): { epoch: string; upstream: string; revision: string } {
  const epoch = /^(\d+):/.exec(version)?.[1];
  const rest = epoch === undefined ? version : version.slice(epoch.length + 1);
  const dash = rest.lastIndexOf('-');
  return {
    epoch: epoch ?? '',
    upstream: dash === -1 ? rest : rest.slice(0, dash),
    revision: dash === -1 ? '' : rest.slice(dash + 1),
  };
}

/** Runs of other characters and of digits in turn. */
function compareParts(a: string, b: string): number {
  const [left, right] = [runsOf(a), runsOf(b)];
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const [x, y] = [left[i] ?? { text: '', digits: '' }, right[i] ?? { text: '', digits: '' }];
    const order = compareTexts(x.text, y.text) || compareNumbers(x.digits, y.digits);
    if (order !== 0) return order;
  }
  return 0;
}

function runsOf(part: string): { text: string; digits: string }[] {
  return [...part.matchAll(/(\D*)(\d*)/g)].map(([, text, digits]) => ({ text: text!, digits: digits! }));
}

function compareTexts(a: string, b: string): number {
  for (let i = 0; i < Math.max(a.length, b.length); i++) {
    const order = rankOf(a[i]) - rankOf(b[i]);
    if (order !== 0) return order;
  }
  return 0;
}

/** `~` before the end, the end before letters, letters before all others. */
function rankOf(character: string | undefined): number {
  if (character === undefined) return 0;
  if (character === '~') return -1;
  return character.charCodeAt(0) + (/[A-Za-z]/.test(character) ? 0 : 256);
}

/** Numbers of any length; none is zero. */
function compareNumbers(a: string, b: string): number {
  const [left, right] = [a.replace(/^0+/, ''), b.replace(/^0+/, '')];
  if (left.length !== right.length) return left.length - right.length;
  return left === right ? 0 : left < right ? -1 : 1;
}
