import type { VersionRange } from '../recipe.ts';

interface Owned {
  /** Absolute. */
  readonly path: string;
  /** Permission bits; 0644 of files and 0755 of directories when absent. */
  readonly mode?: number;
  /** Numbers, since the host's names may come with an image; root when absent. */
  readonly uid?: number;
  readonly gid?: number;
}

/** A file on a host: its text, its bytes, or where Ignition fetches it from and what it then has to be. */
export type ButaneFile = Owned &
  ({ readonly text: string } | { readonly bytes: Uint8Array } | { readonly url: string; readonly sha256: string });

/** A directory on a host. The ones that files need are made without it, as root's and with mode 0755. */
export type ButaneDirectory = Owned;

/** A symbolic link on a host. */
export interface ButaneLink {
  readonly path: string;
  readonly target: string;
  /** Put it in the place of what Flatcar has there. */
  readonly overwrite?: boolean;
}

/** A unit in `/etc/systemd/system`. */
export interface ButaneUnit {
  readonly name: string;
  readonly text: string;
  /** Start it at boot, by its `[Install]` section; not for instances of templates. */
  readonly enabled?: boolean;
}

/** What Ignition writes to a host. */
export interface ButaneDocument {
  readonly files: readonly ButaneFile[];
  readonly directories: readonly ButaneDirectory[];
  readonly links: readonly ButaneLink[];
  readonly units: readonly ButaneUnit[];
}

/** What one extension puts into a document. */
export interface ButaneFragment {
  readonly extension: string;
  /** Component of systemd-sysupdate by which the host follows it. */
  readonly component: string;
  /** Of the image. */
  readonly version: string;
  readonly requires: readonly string[];
  /** Versions of other extensions that it works with, everything filled in. */
  readonly requiresVersion: Readonly<Record<string, VersionRange>>;
  readonly conflicts: readonly string[];
  readonly content: ButaneDocument;
}
