export { describeOnRqlited, type RealRqlite } from './describe-on-rqlited.ts';
