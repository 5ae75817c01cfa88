import config from './playwright.config.ts';

/** `npm run gallery`: the pictures that people look at; nothing is asserted. */
export default { ...config, projects: [{ name: 'gallery', testDir: './gallery' }], timeout: 1_200_000 };
