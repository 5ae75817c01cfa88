/** Just enough DER (X.690) for what the certificate library has no type for, for a device's request, and for certificates that are made from a template. */
export function encodeDer(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(parts);
  const length =
    body.byteLength < 128
      ? [body.byteLength]
      : body.byteLength < 256
        ? [0x81, body.byteLength]
        : [0x82, body.byteLength >> 8, body.byteLength & 255];
  return Buffer.concat([Uint8Array.of(tag, ...length), body]);
}

/** One element: all its bytes, and those within it. */
export type DerElement = { readonly tag: number; readonly bytes: Uint8Array; readonly body: Uint8Array };

/**
 * The elements that follow each other in `bytes`, one level deep. For DER that a library has made or taken.
 * @throws RangeError when an element is longer than what is there or than 65,535 bytes, or tells no length
 */
export function readDer(bytes: Uint8Array): readonly DerElement[] {
  const elements: DerElement[] = [];
  for (let at = 0; at < bytes.byteLength;) {
    const first = bytes[at + 1] ?? 0;
    const more = first < 128 ? 0 : first & 127;
    if (first === 128 || more > 2) throw new RangeError('the length of the element is not served');
    let length = more === 0 ? first : 0;
    for (let index = 0; index < more; index += 1) length = length * 256 + (bytes[at + 2 + index] ?? 0);
    const start = at + 2 + more;
    if (start + length > bytes.byteLength) throw new RangeError('the element ends early');
    elements.push({ tag: bytes[at] ?? 0, bytes: bytes.subarray(at, start + length), body: bytes.subarray(start, start + length) });
    at = start + length;
  }
  return elements;
}

export const DER = {
  integer: 0x02,
  objectIdentifier: 0x06,
  bitString: 0x03,
  octetString: 0x04,
  utf8String: 0x0c,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const;

const COMMON_NAME = Buffer.from('0603550403', 'hex');

/** A name of a common name alone (RFC 5280 §4.1.2.4). */
export const encodeCommonName = (name: string): Uint8Array =>
  encodeDer(DER.sequence, encodeDer(DER.set, encodeDer(DER.sequence, COMMON_NAME, encodeDer(DER.utf8String, Buffer.from(name, 'utf8')))));

const PERMITTED_SUBTREES = 0xa0;
const DNS_NAME = 0x82;
/** A GeneralName that is a URI (RFC 5280 §4.2.1.6). */
export const URI_NAME = 0x86;
const IP_ADDRESS = 0x87;

export type Permitted =
  | { readonly kind: 'dns'; readonly name: string }
  | { readonly kind: 'uri'; readonly host: string }
  /** Address and mask, 4 + 4 or 16 + 16 bytes. */
  | { readonly kind: 'ip'; readonly addressAndMask: Uint8Array };

function generalName(permitted: Permitted): Uint8Array {
  if (permitted.kind === 'ip') return encodeDer(IP_ADDRESS, permitted.addressAndMask);
  return permitted.kind === 'dns'
    ? encodeDer(DNS_NAME, Buffer.from(permitted.name, 'ascii'))
    : encodeDer(URI_NAME, Buffer.from(permitted.host, 'ascii'));
}

/** The value of a NameConstraints extension (RFC 5280 §4.2.1.10) that permits these names and no other of their types. */
export const encodeNameConstraints = (permitted: readonly Permitted[]): Uint8Array =>
  encodeDer(DER.sequence, encodeDer(PERMITTED_SUBTREES, ...permitted.map((each) => encodeDer(DER.sequence, generalName(each)))));
