export { createEnrolment, type EnrolmentOptions } from './create-enrolment.ts';
export { type CoordinatorIdentity, type Enrolment, type MadeOffer, type NewOffer } from './enrolment.ts';
export { type GivenTerms } from './serve-pair.ts';
export { findDeviceCa } from './load-device-ca.ts';
