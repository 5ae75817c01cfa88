export { findDifference, openCopyFile, type CopyContents, type CopyFile, type TableDigest } from './copy-file.ts';
export { copyInto, removeCopy, type CopyableDriver, type CopyStep } from './copy-into.ts';
