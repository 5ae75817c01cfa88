export { createLan, type Lan, type Machine } from './lan.ts';
export { startNginx } from './nginx.ts';
