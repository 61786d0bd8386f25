import type { Partition } from './facts.ts';
import { imageInvalid } from './image-invalid.ts';

/**
 * Partition types that an extension image can be made of.
 *
 * Source: UAPI.2 Discoverable Partitions Specification, "Defined Partition Type UUIDs".
 */
const roles: Readonly<Record<string, string>> = {
  '4f68bce3-e8cd-4db1-96e7-fbcaf984b709': 'root-x86-64',
  '2c7357ed-ebd2-46d9-aec1-23d437ec2bf5': 'root-x86-64-verity',
  '41092b05-9fc8-4523-994f-2def0408b176': 'root-x86-64-verity-sig',
  'b921b045-1df0-41c3-af44-4c6f280d3fae': 'root-arm64',
  'df3300ce-d69f-4c92-978c-9bfb0f38d820': 'root-arm64-verity',
  '6db69de6-29f4-4758-a7a5-962190f00ce3': 'root-arm64-verity-sig',
  '8484680c-9521-48c6-9c11-b0720656f69e': 'usr-x86-64',
  '77ff5f63-e7b6-4633-acf4-1565b864c0e6': 'usr-x86-64-verity',
  'e7bb33fb-06cf-4e81-8273-e543b413e2e2': 'usr-x86-64-verity-sig',
  'b0e01050-ee5f-4390-949a-9101b17104e9': 'usr-arm64',
  '6e11a4e7-fbca-4ded-b9e9-e1a512bb664e': 'usr-arm64-verity',
  'c23ce4ff-44bd-4b00-b2d4-b41b3419e02a': 'usr-arm64-verity-sig',
};

/** Where a partition table's entries are. */
export interface GptHeader {
  /** Bytes of a logical block, in which the table counts. */
  readonly blockSize: number;
  /** Bytes from the start of the file. */
  readonly offset: number;
  readonly entrySize: number;
  readonly entries: number;
}

/** No real table is larger: 128 entries are usual. */
const maxEntries = 1024;

/**
 * Finds a GUID partition table behind any block size that disk images use; `undefined` when there
 * is none. Checksums are not verified.
 *
 * Source: UEFI Specification 2.10, section 5.3.2.
 *
 * @param head the first 8 KiB of the file, or all there are.
 * @throws SysextError `IMAGE_INVALID` when the table's own numbers make no sense.
 */
export function parseGptHeader(head: Buffer, file: string): GptHeader | undefined {
  const blockSize = [512, 1024, 2048, 4096].find((size) => head.toString('latin1', size, size + 8) === 'EFI PART');
  if (blockSize === undefined) return undefined;
  const header = head.subarray(blockSize);
  if (header.length < 92) throw imageInvalid(file, 'it ends within the partition table');
  const offset = header.readBigUInt64LE(72) * BigInt(blockSize);
  const entries = header.readUInt32LE(80);
  const entrySize = header.readUInt32LE(84);
  if (entrySize < 128 || entrySize > 4096 || entries > maxEntries || offset > Number.MAX_SAFE_INTEGER) {
    throw imageInvalid(file, `its partition table is damaged: ${entries} entries of ${entrySize} bytes at ${offset}`);
  }
  return { blockSize, offset: Number(offset), entrySize, entries };
}

/**
 * Reads the entries of a partition table, in its order, without the empty ones.
 *
 * Source: UEFI Specification 2.10, section 5.3.3.
 *
 * @param table `entries × entrySize` bytes from the header's offset.
 * @param size bytes of the whole file.
 * @throws SysextError `IMAGE_INVALID` for a table or a partition that the file does not hold.
 */
export function parsePartitions(table: Buffer, header: GptHeader, size: number, file: string): Partition[] {
  if (table.length < header.entries * header.entrySize) throw imageInvalid(file, 'it ends within the partition table');
  const partitions: Partition[] = [];
  for (let index = 0; index < header.entries; index++) {
    const entry = table.subarray(index * header.entrySize);
    const type = guid(entry, 0);
    if (type === '00000000-0000-0000-0000-000000000000') continue;
    const first = entry.readBigUInt64LE(32) * BigInt(header.blockSize);
    const end = (entry.readBigUInt64LE(40) + 1n) * BigInt(header.blockSize);
    const role = roles[type] ?? type;
    if (first >= end || end > BigInt(size)) {
      throw imageInvalid(
        file,
        `partition ${index + 1} (${role}) reaches from byte ${first} to ${end}, the file has ${size}: it is truncated or damaged`,
      );
    }
    partitions.push({ type, role, uuid: guid(entry, 16), offset: Number(first), size: Number(end - first) });
  }
  return partitions;
}

/** A GUID as it is written: its first three fields are little-endian on disk. */
function guid(bytes: Buffer, offset: number): string {
  const hex = (number: number, digits: number): string => number.toString(16).padStart(digits, '0');
  const time = [
    hex(bytes.readUInt32LE(offset), 8),
    hex(bytes.readUInt16LE(offset + 4), 4),
    hex(bytes.readUInt16LE(offset + 6), 4),
  ];
  return [
    ...time,
    bytes.toString('hex', offset + 8, offset + 10),
    bytes.toString('hex', offset + 10, offset + 16),
  ].join('-');
}
