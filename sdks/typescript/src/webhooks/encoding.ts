/** Strict decoding: Node's own decoders skip invalid characters, and a signature must not be read leniently. */

/** Undefined unless `text` is exactly `bytes` bytes in hex. */
export function decodeHex(text: string | undefined, bytes: number): Buffer | undefined {
  if (text === undefined || text.length !== bytes * 2 || !/^[0-9a-fA-F]+$/.test(text)) return undefined
  return Buffer.from(text, 'hex')
}

/** Undefined unless `text` is canonical base64 of at least one byte. */
export function decodeBase64(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64')
  return bytes.length > 0 && bytes.toString('base64') === text ? bytes : undefined
}
