import { runProgram } from './programs/run-program.ts';

/** `npm run format [-- <path> …]`: writes every file, or those named, in the house format. */
const paths = process.argv.slice(2);
const ran = await runProgram(['oxfmt', '--write', ...(paths.length > 0 ? paths : ['.'])], { output: 'show' });
process.exitCode = ran.exitCode;
