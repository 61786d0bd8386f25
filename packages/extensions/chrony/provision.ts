import type { ChronyParameters } from './parameters.ts';

/** Where time comes from, in place of the image's pool, and who may ask for it. */
export function provision({ servers, allow }: ChronyParameters): { files: { path: string; text: string }[] } {
  const sources = servers?.map(
    ({ address, pool, nts }) => `${pool ? 'pool' : 'server'} ${address} iburst${nts ? ' nts' : ''}\n`,
  );
  const networks = allow.map((network) => `allow ${network}\n`);
  return {
    files: [
      ...(sources === undefined ? [] : [{ path: '/etc/chrony/sources.d/default.sources', text: sources.join('') }]),
      ...(networks.length === 0 ? [] : [{ path: '/etc/chrony/conf.d/allow.conf', text: networks.join('') }]),
    ],
  };
}
