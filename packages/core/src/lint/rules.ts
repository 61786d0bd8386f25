import { buildHostAttributes } from './build-host-attributes.ts';
import { directoryMode } from './directory-mode.ts';
import { diskImagePartition } from './disk-image-partition.ts';
import { diskImageSignature } from './disk-image-signature.ts';
import { dropInName } from './drop-in-name.ts';
import { elfDamaged } from './elf-damaged.ts';
import { elfInterpreter } from './elf-interpreter.ts';
import { elfMachine } from './elf-machine.ts';
import { erofs } from './erofs.ts';
import { fileSystem } from './file-system.ts';
import { flatcarExtensionFile } from './flatcar-extension-file.ts';
import { glibcTooNew } from './glibc-too-new.ts';
import { hostDirectoryCovered } from './host-directory-covered.ts';
import { hostFileReplaced } from './host-file.ts';
import { hostLinkCovered } from './host-link-covered.ts';
import { imagePadding } from './image-padding.ts';
import { imageTimestamp } from './image-timestamp.ts';
import { imageTruncated } from './image-truncated.ts';
import { kernelModules } from './kernel-modules.ts';
import { libstdcxxTooNew } from './libstdcxx-too-new.ts';
import { linkDangling } from './link-dangling.ts';
import { linkLeavesUsr } from './link-leaves-usr.ts';
import { nameCharacters } from './name-characters.ts';
import { namePrefix } from './name-prefix.ts';
import { nameReserved } from './name-reserved.ts';
import { notOwnedByRoot } from './not-owned-by-root.ts';
import { optContent } from './opt-content.ts';
import { osReleaseFile } from './os-release.ts';
import { outsideUsr } from './outside-usr.ts';
import { overlayMarker } from './overlay-marker.ts';
import { privilegedFile } from './privileged-file.ts';
import { releaseArchitecture } from './release-architecture.ts';
import { releaseFileMissing } from './release-file-missing.ts';
import { releaseFileName } from './release-file-name.ts';
import { releaseFileSyntax } from './release-file-syntax.ts';
import { releaseId } from './release-id.ts';
import { releaseLevel } from './release-level.ts';
import { releaseScope } from './release-scope.ts';
import { reloadManager } from './reload-manager.ts';
import { scriptInterpreter } from './script-interpreter.ts';
import { sharedLibraryMissing } from './shared-library-missing.ts';
import { specialFile } from './special-file.ts';
import { sysupdateDefinitions } from './sysupdate-definitions.ts';
import { sysusersId } from './sysusers-id.ts';
import { sysusersNotRun } from './sysusers-not-run.ts';
import { tmpfilesCopy } from './tmpfiles-copy.ts';
import { tmpfilesNotRun } from './tmpfiles-not-run.ts';
import { unitEnableLink } from './unit-enable-link.ts';
import { unitExecPath } from './unit-exec-path.ts';
import { unitMissing } from './unit-missing.ts';
import { unitSyntax } from './unit-syntax.ts';
import { unitUndeclared } from './unit-undeclared.ts';
import { unitUser } from './unit-user.ts';
import { upheldCondition } from './upheld-condition.ts';
import { upheldOneshot } from './upheld-oneshot.ts';
import { usrSbin } from './usr-sbin.ts';
import { versionCharacters } from './version-characters.ts';
import { worldWritable } from './world-writable.ts';
import type { Rule } from './rule.ts';

/** Every rule, by name. */
export const rules: readonly Rule[] = [
  buildHostAttributes,
  directoryMode,
  diskImagePartition,
  diskImageSignature,
  dropInName,
  elfDamaged,
  elfInterpreter,
  elfMachine,
  erofs,
  fileSystem,
  flatcarExtensionFile,
  glibcTooNew,
  hostDirectoryCovered,
  hostFileReplaced,
  hostLinkCovered,
  imagePadding,
  imageTimestamp,
  imageTruncated,
  kernelModules,
  libstdcxxTooNew,
  linkDangling,
  linkLeavesUsr,
  nameCharacters,
  namePrefix,
  nameReserved,
  notOwnedByRoot,
  optContent,
  osReleaseFile,
  outsideUsr,
  overlayMarker,
  privilegedFile,
  releaseArchitecture,
  releaseFileMissing,
  releaseFileName,
  releaseFileSyntax,
  releaseId,
  releaseLevel,
  releaseScope,
  reloadManager,
  scriptInterpreter,
  sharedLibraryMissing,
  specialFile,
  sysupdateDefinitions,
  sysusersId,
  sysusersNotRun,
  tmpfilesCopy,
  tmpfilesNotRun,
  unitEnableLink,
  unitExecPath,
  unitMissing,
  unitSyntax,
  unitUndeclared,
  unitUser,
  upheldCondition,
  upheldOneshot,
  usrSbin,
  versionCharacters,
  worldWritable,
];
