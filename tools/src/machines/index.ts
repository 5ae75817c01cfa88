export { createLan, type Lan, type Machine } from './lan.ts';
