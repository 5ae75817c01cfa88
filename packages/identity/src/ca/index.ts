export { type Authority } from './authority.ts';
export { createDeviceAuthority, openDeviceCa, SVID_LIFE_MS, type DeviceCa } from './device-ca.ts';
export { type Leaf } from './issue-leaf.ts';
export { createKeyWrap, readMasterKey, type KeyWrap } from './master-key.ts';
export { type CsrFault, type ProvedCsr } from './read-csr.ts';
export { createWebCa, isPrivateName, issueWebCertificate, WEB_CERTIFICATE_LIFE_MS, type WebCertificate } from './web-ca.ts';
