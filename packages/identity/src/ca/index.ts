export { type Authority } from './authority.ts';
export { createDeviceAuthority, openDeviceCa, SVID_LIFE_MS, type CsrFault, type DeviceCa, type ProvedCsr } from './device-ca.ts';
export { type Leaf } from './issue-leaf.ts';
export { createKeyWrap, readMasterKey, type KeyWrap } from './master-key.ts';
export { createWebCa, isPrivateName, issueWebCertificate, WEB_CERTIFICATE_LIFE_MS, type WebCertificate } from './web-ca.ts';
