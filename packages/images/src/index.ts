export { writeImageArchive, type ImageParts } from './image-archive.ts';
export { assembleImage, hasImage } from './built-in-images.ts';
