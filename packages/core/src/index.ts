export { type Arch, architectures, isArch, machineArch } from './arch.ts';
export type { Artifact, ArtifactMember, Input } from './artifact.ts';
export { type BuildOptions, type BuiltImage, build } from './build.ts';
export { builtParameters } from './butane/built.ts';
export { composeButane } from './butane/compose.ts';
export { configFile } from './butane/config-file.ts';
export { type ButaneFunction, type ButaneRecipe, defineButane } from './butane/define.ts';
export type {
  ButaneDirectory,
  ButaneDocument,
  ButaneFile,
  ButaneFragment,
  ButaneLink,
  ButaneUnit,
} from './butane/document.ts';
export { exampleFragment } from './butane/example.ts';
export type { Provision } from './butane/fragment.ts';
export type { CommonParameters } from './butane/parameters.ts';
export { type PublishedParameters, type PublishedParametersOptions, publishedParameters } from './butane/published.ts';
export { type ButaneVersion, type RenderButaneOptions, butaneVersions, renderButane } from './butane/render.ts';
export { Settings, renderSettings } from './butane/settings.ts';
export { type Blob, Cache } from './cache.ts';
export { checkCatalogue } from './catalogue.ts';
export { type Checked, checkDirectory, checkExtension, checkImage } from './check.ts';
export {
  type Context,
  type ContextOptions,
  type NetworkLimits,
  type Step,
  type SysextEvent,
  createContext,
} from './context.ts';
export { type ImageDiff, diffImages } from './diff.ts';
export { describeChange } from './changeset.ts';
export { type ErrorCode, SysextError, exitCodes } from './errors.ts';
export { type ImageFormat, type Profile, formats, profiles } from './image/profile.ts';
export type { ImageFacts } from './image/facts.ts';
export { type OpenImage, openImage, readImageFacts } from './image/read.ts';
export { type Inspection, inspectImage } from './inspect.ts';
export { lint } from './lint/lint.ts';
export type { Finding, Severity } from './lint/rule.ts';
export { type LockOptions, type LockReport, lockVersion } from './lock-version.ts';
export { renderPaths } from './listing.ts';
export { Lock, type LockedVersion, type Pin, lockFileName, readLock, selectVersion, writeLock } from './lock.ts';
export { Mirrors, displayUrl } from './mirrors.ts';
export { programsAt } from './plan.ts';
export {
  type CompanionInput,
  type Extension,
  type RecipeInput,
  Recipe,
  defineExtension,
  nameProblem,
  programsOf,
} from './recipe.ts';
export type { Source } from './sources/source.ts';
export { BuildRecord } from './record.ts';
export { type RepositoryConfig, readRepositoryConfig } from './repository/config.ts';
export {
  ExtensionIndex,
  type PublishedImage,
  type PublishedVersion,
  RepositoryIndex,
} from './repository/index-file.ts';
export {
  type Keyring,
  type PublicKeyFacts,
  armorKeyring,
  describeKey,
  parseKeyring,
  readKeyring,
} from './repository/keyring.ts';
export { type NewKeyOptions, type Signer, createKey, loadSigner } from './repository/keys.ts';
export { type MirrorOptions, type MirrorReport, mirror } from './repository/mirror.ts';
export { type PublishOptions, type Published, publish } from './repository/publish.ts';
export { type RotateOptions, beginRotation, finishRotation } from './repository/rotate.ts';
export { type RunningServer, type ServeOptions, serveRepository } from './repository/serve.ts';
export {
  type RepositoryProblem,
  type VerifyOptions,
  type VerifyReport,
  verifyRepository,
} from './repository/verify.ts';
export { type YankOptions, yank } from './repository/yank.ts';
export { inputsDigest, reviseLock } from './revision.ts';
export { goDirectory } from './sources/go-modules.ts';
export { type ResolvedDownload, resolveDownloads } from './sources/release.ts';
export { type Series, seriesOf } from './series.ts';
export { type SkeletonOptions, renderSkeleton } from './skeleton.ts';
export { type TransferOptions, componentOf, renderTransfer } from './sysupdate.ts';
export { type Transport, transports } from './transport.ts';
export { type GeneratedFile, renderSetup } from './units.ts';
export { type UpdateReport, updateExtensions } from './update.ts';
export { type HostFile, updateTimer, updaterFiles, updaterSettings } from './updater.ts';
export { type UpstreamVersion, type UpstreamVersions, listVersions } from './versions/list.ts';
export { type Outdated, type OutdatedReport, type Revised, findOutdated } from './versions/outdated.ts';
export type { VersionSource } from './versions/source.ts';
export {
  type ImageIdentity,
  compareVersions,
  imageStem,
  imageVersion,
  isPrerelease,
  versionProblem,
} from './version.ts';
