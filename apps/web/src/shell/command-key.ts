/** Whose keyboards have a ⌘ where others have Ctrl. Read from a `User-Agent` header (RFC 9110 §10.1.5). */
export const commandKeyOf = (userAgent: string): 'apple' | 'other' => (/\b(?:Macintosh|iPhone|iPad)\b/.test(userAgent) ? 'apple' : 'other');
