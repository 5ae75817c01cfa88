export { buildAllocationRow, buildFingerprint, buildNodeRow, buildObserved, buildWorkloadRow } from './builders.ts';
export { ofNextRelease } from './of-next-release.ts';
