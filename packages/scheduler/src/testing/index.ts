export { buildSnapshot } from './build-snapshot.ts';
