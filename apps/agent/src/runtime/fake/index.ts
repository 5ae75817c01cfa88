export { serveFakeEngine, type EngineServer, type Start } from './engine-server.ts';
export { createFakeRuntime, type FakeRuntime, type FakeRuntimeOptions } from './fake-runtime.ts';
export { type FakeImage } from './fake-image.ts';
