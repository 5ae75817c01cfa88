import { config } from 'zod';

// zod compiles its parsers by `new Function` where it may. The content policy allows no such thing, and each try would be reported.
config({ jitless: true });
