/** Checks whether a broker serves requests: an open port alone shows only that it listens. */
import { connect } from 'node:net'

/**
 * ApiVersions v0 with correlation id 1 and no client id: the only request that a broker answers before authentication.
 */
const API_VERSIONS = Buffer.from([0, 0, 0, 10, 0, 18, 0, 0, 0, 0, 0, 1, 0xff, 0xff])
const ANSWER_MS = 2_000

/** True when the broker on this loopback port answers ApiVersions. */
export function brokerAnswers(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect(port, '127.0.0.1', () => socket.write(API_VERSIONS))
    const end = (answered: boolean) => {
      socket.destroy()
      resolve(answered)
    }
    socket.setTimeout(ANSWER_MS, () => end(false))
    socket.once('data', () => end(true))
    socket.once('error', () => end(false))
    socket.once('close', () => end(false))
  })
}
