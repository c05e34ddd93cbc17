/**
 * Judges a foreign broker's answers while they arrive, before the Kafka client sees them: their sizes, and the work that
 * a sign-in with SCRAM may cost (RFC 5802, 5.1: the server chooses the number of iterations).
 */
const LENGTH_BYTES = 4
export const FRAME_BYTES_MAX = 2 * 1024 * 1024
/** OWASP's number for PBKDF2 with SHA-256, and brokers use 4,096 to 16,384; what is above would hold a thread for long. */
export const SCRAM_ITERATIONS_MAX = 600_000
/** The first answers of a connection: versions, handshake, and two of SCRAM. */
const SIGN_IN_FRAMES = 8
const SIGN_IN_BYTES_MAX = 4 * 1024
const ITERATIONS = /,i=(\d+)/

/** Call it with each chunk; answers what is wrong with the stream, or undefined. */
export function createFrameJudge(): (chunk: Buffer) => string | undefined {
  let length = Buffer.alloc(0)
  let left = 0
  let frames = 0
  let kept: Buffer[] = []

  /** `bytes`: the rest of the frame, or as much of it as has come. */
  function body(bytes: Buffer): string | undefined {
    left -= bytes.length
    if (frames > SIGN_IN_FRAMES) return undefined
    kept.push(bytes)
    if (left > 0) return undefined
    const iterations = Number(ITERATIONS.exec(Buffer.concat(kept).toString('latin1'))?.[1] ?? 0)
    kept = []
    return iterations > SCRAM_ITERATIONS_MAX
      ? `The broker wants ${iterations} iterations for a sign-in: at most ${SCRAM_ITERATIONS_MAX} are made.`
      : undefined
  }

  function begin(size: number): string | undefined {
    if (size < 0 || size > FRAME_BYTES_MAX)
      return `The broker announces an answer of ${size} bytes: at most ${FRAME_BYTES_MAX} are read.`
    left = size
    frames++
    if (size > SIGN_IN_BYTES_MAX) frames = SIGN_IN_FRAMES + 1
    return undefined
  }

  return chunk => {
    let rest = chunk
    while (rest.length > 0) {
      if (left === 0) {
        const taken = rest.subarray(0, LENGTH_BYTES - length.length)
        length = Buffer.concat([length, taken])
        rest = rest.subarray(taken.length)
        if (length.length < LENGTH_BYTES) return undefined
        const fault = begin(length.readInt32BE(0))
        length = Buffer.alloc(0)
        if (fault !== undefined) return fault
      } else {
        const part = rest.subarray(0, left)
        rest = rest.subarray(part.length)
        const fault = body(part)
        if (fault !== undefined) return fault
      }
    }
    return undefined
  }
}
