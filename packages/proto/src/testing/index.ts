export { buildAllocationRow, buildFingerprint, buildNodeRow, buildObserved, buildWorkloadRow } from './builders.ts';
