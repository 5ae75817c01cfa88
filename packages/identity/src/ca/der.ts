/** Just enough DER (X.690) for the one extension that the certificate library has no type for. */
function der(tag: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const body = Buffer.concat(parts);
  const length =
    body.byteLength < 128
      ? [body.byteLength]
      : body.byteLength < 256
        ? [0x81, body.byteLength]
        : [0x82, body.byteLength >> 8, body.byteLength & 255];
  return Buffer.concat([Uint8Array.of(tag, ...length), body]);
}

const SEQUENCE = 0x30;
const PERMITTED_SUBTREES = 0xa0;
const DNS_NAME = 0x82;
const URI = 0x86;
const IP_ADDRESS = 0x87;

export type Permitted =
  | { readonly kind: 'dns'; readonly name: string }
  | { readonly kind: 'uri'; readonly host: string }
  /** Address and mask, 4 + 4 or 16 + 16 bytes. */
  | { readonly kind: 'ip'; readonly addressAndMask: Uint8Array };

function generalName(permitted: Permitted): Uint8Array {
  if (permitted.kind === 'ip') return der(IP_ADDRESS, permitted.addressAndMask);
  return permitted.kind === 'dns' ? der(DNS_NAME, Buffer.from(permitted.name, 'ascii')) : der(URI, Buffer.from(permitted.host, 'ascii'));
}

/** The value of a NameConstraints extension (RFC 5280 §4.2.1.10) that permits these names and no other of their types. */
export const encodeNameConstraints = (permitted: readonly Permitted[]): Uint8Array =>
  der(SEQUENCE, der(PERMITTED_SUBTREES, ...permitted.map((each) => der(SEQUENCE, generalName(each)))));
