export { createFakeRuntime, type FakeRuntime, type FakeRuntimeOptions } from './fake-runtime.ts';
export { FAKE_IMAGE, type FakeImage } from './fake-image.ts';
