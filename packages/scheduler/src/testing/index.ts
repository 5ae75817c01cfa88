export { buildSnapshot } from './build-snapshot.ts';
export { createWorld, type World } from './world.ts';
