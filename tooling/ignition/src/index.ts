export { applyIgnition } from './apply.ts';
export { bootDeployed } from './boot.ts';
export { describeIgnition } from './describe.ts';
export { programsMissing } from './programs.ts';
export { transpile, validate } from './transpile.ts';
