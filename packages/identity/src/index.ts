export { formatSpiffeId, parseSpiffeId, trustDomainOf, type SpiffeId, type SpiffeSubject } from './spiffe-id.ts';
export {
  encodeJoinToken,
  hashJoinSecret,
  isSameHash,
  JOIN_SECRET_BYTES,
  JOIN_TOKEN_TTL_MS,
  parseJoinToken,
  parsePresentedToken,
  type JoinToken,
} from './join-token.ts';
export { formatJoinCode, hashJoinCode, JOIN_CODE_BYTES, parseJoinCode } from './join-code.ts';
export { commitTo, PAIR_NONCE_BYTES, wordsOf, type PairTranscript } from './pairing.ts';
export { createCsr, createDeviceKey } from './device-key.ts';
export { readValidity, renewAt, type Validity } from './certificate-times.ts';
export { hashPrivateKey } from './pem.ts';
export { verifySvid, type Svid, type SvidFault } from './verify-svid.ts';
export { judgeCoordinator, judgePeer, judgePinned, judgeUnpinned, readAuthorityHash, type CoordinatorTrust } from './judge-coordinator.ts';
