export type { ControlPlane } from './control-plane.ts';
export { createControlPlane } from './create-control-plane.ts';
