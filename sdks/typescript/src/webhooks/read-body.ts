/** Reading a body into memory, with a bound. */

export interface BodyError extends Error {
  /** The status of the error response of Express and Koa. */
  status: number
  expose: boolean
}

export function bodyError(status: number, message: string, cause?: unknown): BodyError {
  return Object.assign(new Error(message, { cause }), { status, expose: status < 500 })
}

/** Throws a `BodyError`: 413 beyond `bytesMax`, 415 for a compressed body (Clarion sends none). */
export async function readAtMost(
  stream: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  headers: Readonly<Record<string, string | string[] | undefined>>,
  bytesMax: number,
): Promise<Buffer> {
  if ((headers['content-encoding'] ?? 'identity') !== 'identity')
    throw bodyError(415, 'Compressed bodies are not taken.')
  if (Number(headers['content-length'] ?? 0) > bytesMax) throw bodyError(413, 'The body is too large.')
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of stream) {
    bytes += chunk.length
    if (bytes > bytesMax) throw bodyError(413, 'The body is too large.')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}
