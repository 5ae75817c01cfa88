/** The data folder as the environment names it, before anything that could validate it is loaded. */
export const dataFolder = process.env['CLOUDLESS_DATA'];
