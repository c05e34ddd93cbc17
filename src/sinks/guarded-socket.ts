/**
 * A connection to a broker of an organization's own, as the Kafka client wants one: made at once, and connected when the
 * egress guard has judged the address. The client asks for one for each broker that it dials, those that the cluster's
 * metadata names as well as those of the list.
 */
import { connect as connectTcp, isIP, type Socket } from 'node:net'
import { Duplex } from 'node:stream'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import { type AddressGuard, KAFKA_PORTS } from '../delivery/address-guard.ts'
import { AttemptError } from '../delivery/attempt-error.ts'
import { createFrameJudge } from './frames.ts'

const KEEP_ALIVE_PROBE_MS = 60_000

export interface Dialled {
  host: string
  port: number
  /** Without it the connection is not encrypted. */
  tls: { ca?: string[] } | undefined
  guard: AddressGuard
  onConnect(): void
  /** The reason why it failed; called before the client hears of it. */
  onFault(error: AttemptError): void
}

/** A half of a connection that is closed closes all of it, as brokers do not keep half-open ones. */
export class GuardedSocket extends Duplex {
  readonly #dialled: Dialled
  readonly #judge = createFrameJudge()
  #socket: Socket | TLSSocket | undefined
  #isEstablished = false

  constructor(dialled: Dialled) {
    super({ allowHalfOpen: false })
    this.#dialled = dialled
    void this.#dial()
  }

  async #dial(): Promise<void> {
    const { guard, host, port } = this.#dialled
    try {
      const [address] = await guard.addressesOf(host, port, KAFKA_PORTS)
      if (this.destroyed || this.writableEnded) return void this.destroy()
      this.#connect(address!.address)
    } catch (error) {
      this.#fail(error instanceof AttemptError ? error : new AttemptError('connect', String(error)))
    }
  }

  #connect(address: string): void {
    const { host, port, tls, onConnect } = this.#dialled
    const established = () => {
      this.#isEstablished = true
      onConnect()
    }
    const servername = isIP(host) === 0 ? { servername: host } : {}
    const socket =
      tls === undefined
        ? connectTcp({ host: address, port }, established)
        : connectTls({ ...tls, host: address, port, ...servername }, established)
    this.#socket = socket
    let isConnected = false
    socket.once('connect', () => {
      isConnected = true
    })
    socket.setNoDelay(true).setKeepAlive(true, KEEP_ALIVE_PROBE_MS)
    socket.on('data', chunk => this.#received(chunk))
    let hasEnded = false
    socket.on('end', () => {
      hasEnded = true
      this.push(null)
    })
    socket.on('error', error => this.#fail(failureOf(error, isConnected ? this.#stage() : 'connecting')))
    // What has come before the end is read first: the stream closes itself behind it.
    socket.on('close', () => {
      if (!hasEnded) this.#fail(new AttemptError('connect', 'The broker closed the connection.'))
    })
  }

  #stage(): Stage {
    return this.#isEstablished ? 'established' : 'handshake'
  }

  #received(chunk: Buffer): void {
    const fault = this.#judge(chunk)
    if (fault !== undefined) this.#fail(new AttemptError('protocol', fault))
    else if (!this.push(chunk)) this.#socket!.pause()
  }

  #fail(error: AttemptError): void {
    if (this.destroyed) return
    this.#dialled.onFault(error)
    this.destroy(error)
  }

  override _read(): void {
    this.#socket?.resume()
  }

  override _write(chunk: Buffer, encoding: BufferEncoding, callback: (error?: Error | null) => void): void {
    // The client writes once it is connected.
    this.#socket!.write(chunk, encoding, callback)
  }

  override _final(callback: (error?: Error | null) => void): void {
    // A client that gives up while it connects, or while TLS is agreed on, must not wait for the other side.
    if (this.#isEstablished) this.#socket?.end()
    else this.destroy()
    callback()
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#socket?.destroy()
    callback(error)
  }

  unref(): this {
    this.#socket?.unref()
    return this
  }
}

type Stage = 'connecting' | 'handshake' | 'established'

function failureOf(error: NodeJS.ErrnoException, stage: Stage): AttemptError {
  const code = error.code ?? error.message
  if (stage === 'handshake') return new AttemptError('tls', `The TLS handshake failed (${code}).`, { cause: error })
  const what = stage === 'established' ? 'The connection broke' : 'Could not connect'
  return new AttemptError('connect', `${what} (${code}).`, { cause: error })
}
