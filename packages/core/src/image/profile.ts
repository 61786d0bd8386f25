import type { Tree } from '../tree.ts';

/** How much time to spend on how few bytes; the numbers behind them are in docs/compression.md. */
export const profiles = ['fast', 'default', 'release'] as const;
export type Profile = (typeof profiles)[number];

/** `squashfs` mounts on every Flatcar; `erofs` on stable and later, not on LTS 2024. */
export const formats = ['squashfs', 'erofs'] as const;
export type ImageFormat = (typeof formats)[number];

/** How an image was compressed, as the record keeps it. */
export interface Compression {
  /** `none` for an image that is compressed on the wire instead. */
  readonly algorithm: string;
  /** 0 for `none`. */
  readonly level: number;
  /** Bytes. */
  readonly blockSize: number;
}

/** Bytes of file content in a tree. */
export function contentSize(tree: Tree): number {
  let size = 0;
  for (const entry of tree.values()) if (entry.type === 'file') size += entry.content.size;
  return size;
}
