export { createEnrolment, type EnrolmentOptions } from './create-enrolment.ts';
export { type CoordinatorIdentity, type Enrolment, type NewJoinToken } from './enrolment.ts';
