/**
 * The login of a connection (SaslHandshake 1, SaslAuthenticate 2): PLAIN, SCRAM-SHA-256 and -512 (RFC 5802; the server
 * must prove that it knows the password, too) and OAUTHBEARER (RFC 7628).
 */
import { createHash, createHmac, pbkdf2, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'
import type { Clock, Random } from '../../clock.ts'
import { ByteReader } from './byte-reader.ts'
import { errorName } from './error-codes.ts'
import { compact, flexibleRequest } from './flexible.ts'
import { type AccessToken, KafkaError, type KafkaSettings, type SaslMechanism, type WireRequest } from './types.ts'

export type Exchange = <T>(request: WireRequest<T>) => Promise<T>

/**
 * Resolves with the session's lifetime, ms; 0: as long as the connection. Rejects with a sentence that says what to
 * change.
 */
export type Authenticate = (exchange: Exchange, broker: string) => Promise<number>

const SASL_HANDSHAKE = 17
const SASL_AUTHENTICATE = 36
const NAMES: Record<SaslMechanism, string> = {
  plain: 'PLAIN',
  'scram-sha-256': 'SCRAM-SHA-256',
  'scram-sha-512': 'SCRAM-SHA-512',
  oauthbearer: 'OAUTHBEARER',
}
/** A server with fewer iterations could be trying to learn the password by guessing (Kafka never stores fewer). */
const ITERATIONS_MIN = 4_096
const NONCE_BYTES = 24
/** A token is renewed after this fraction of its life. */
const RENEW_TOKEN_AT = 0.8
const derive = promisify(pbkdf2)

/**
 * Undefined: the settings contain neither a user nor a token source. One for all connections with the same settings: it
 * caches the token and the hashed password.
 */
export function createAuthenticate(
  settings: KafkaSettings,
  deps: { clock: Clock; random: Random },
): Authenticate | undefined {
  const mechanism = settings.mechanism ?? 'scram-sha-512'
  if (mechanism === 'oauthbearer' ? !settings.token : !settings.username) return undefined
  const user = { name: settings.username ?? '', password: settings.password ?? '' }
  const converse = conversationOf(mechanism, user, settings, deps)
  return async (exchange, broker) => {
    await exchange(handshakeRequest(NAMES[mechanism], broker))
    let lifetimeMs = 0
    const ask = async (bytes: Buffer) => {
      const answer = await exchange(authenticateRequest(bytes))
      if (answer.errorCode !== 0) throw refusal(answer, mechanism, user.name, broker)
      lifetimeMs = answer.lifetimeMs
      return answer.bytes
    }
    await converse(ask, broker)
    return lifetimeMs
  }
}

type Ask = (bytes: Buffer) => Promise<Buffer>
type Conversation = (ask: Ask, broker: string) => Promise<void>
interface User {
  name: string
  password: string
}

function conversationOf(
  mechanism: SaslMechanism,
  user: User,
  settings: KafkaSettings,
  { clock, random }: { clock: Clock; random: Random },
): Conversation {
  if (mechanism === 'plain') return async ask => void (await ask(Buffer.from(`\0${user.name}\0${user.password}`)))
  if (mechanism === 'oauthbearer') return createBearer(settings.token!, clock)
  return createScram(user, mechanism === 'scram-sha-256' ? 'sha256' : 'sha512', random)
}

/** Exported for tests, which know the nonce. */
export function createScram(user: User, hash: 'sha256' | 'sha512', random: Pick<Random, 'bytes'>): Conversation {
  const keyBytes = hash === 'sha256' ? 32 : 64
  const mac = (key: Buffer, text: string) => createHmac(hash, key).update(text).digest()
  /** Hashing is most of a login, and the same for each connection. */
  let hashed: { salt: string; iterations: number; password: Promise<Buffer> } | undefined

  function hashedPassword(salt: string, iterations: number): Promise<Buffer> {
    if (hashed?.salt !== salt || hashed.iterations !== iterations)
      hashed = {
        salt,
        iterations,
        password: derive(user.password, Buffer.from(salt, 'base64'), iterations, keyBytes, hash),
      }
    return hashed.password
  }

  return async (ask, broker) => {
    const nonce = random.bytes(NONCE_BYTES).toString('base64url')
    const bare = `n=${user.name.replaceAll('=', '=3D').replaceAll(',', '=2C')},r=${nonce}`
    const first = (await ask(Buffer.from(`n,,${bare}`))).toString()
    const { r = '', s = '', i = '' } = attributesOf(first)
    if (!r.startsWith(nonce) || r.length === nonce.length || s === '' || !(Number(i) >= ITERATIONS_MIN))
      throw new KafkaError(
        'SASL_AUTHENTICATION_FAILED',
        `The broker ${broker} does not speak SCRAM as it must: ${first}`,
      )
    const salted = await hashedPassword(s, Number(i))
    const clientKey = mac(salted, 'Client Key')
    const withoutProof = `c=biws,r=${r}`
    const signed = `${bare},${first},${withoutProof}`
    const signature = mac(createHash(hash).update(clientKey).digest(), signed)
    const proof = Buffer.from(clientKey.map((byte, index) => byte ^ signature[index]!)).toString('base64')
    const last = attributesOf((await ask(Buffer.from(`${withoutProof},p=${proof}`))).toString())
    const shown = Buffer.from(last.v ?? '', 'base64')
    const expected = mac(mac(salted, 'Server Key'), signed)
    if (shown.length !== expected.length || !timingSafeEqual(shown, expected))
      throw new KafkaError(
        'SASL_AUTHENTICATION_FAILED',
        `The broker ${broker} does not know the password of ${user.name}: it is not the one it seems to be.`,
      )
  }
}

const attributesOf = (message: string): Record<string, string> =>
  Object.fromEntries(message.split(',').map(attribute => [attribute.slice(0, 1), attribute.slice(2)]))

function createBearer(newToken: () => Promise<AccessToken>, clock: Clock): Conversation {
  let current: Promise<{ value: string; renewAtMs: number }> | undefined

  async function fetchToken() {
    const { value, lifetimeMs } = await newToken()
    return { value, renewAtMs: lifetimeMs === undefined ? 0 : clock.monotonicMs() + lifetimeMs * RENEW_TOKEN_AT }
  }

  async function token(): Promise<string> {
    const known = await current?.catch(() => undefined)
    if (known && clock.monotonicMs() < known.renewAtMs) return known.value
    current = fetchToken()
    return (await current).value
  }

  return async (ask, broker) => {
    let value: string
    try {
      value = await token()
    } catch (error) {
      throw new KafkaError('SASL_AUTHENTICATION_FAILED', `No token for the broker ${broker}: ${String(error)}`, {
        cause: error,
      })
    }
    const answer = await ask(Buffer.from(`n,,\x01auth=Bearer ${value}\x01\x01`))
    if (answer.length === 0) return
    // Refused, with the reason as JSON: the exchange ends with one more byte, which is answered with the error.
    current = undefined
    const reason = answer.toString()
    await ask(Buffer.of(1)).catch(error => {
      throw error instanceof KafkaError && error.type === 'SASL_AUTHENTICATION_FAILED'
        ? new KafkaError(error.type, `${error.message} ${reason}`)
        : error
    })
    throw new KafkaError('SASL_AUTHENTICATION_FAILED', `The broker ${broker} refuses the token: ${reason}`)
  }
}

function handshakeRequest(mechanism: string, broker: string): WireRequest<void> {
  const name = Buffer.from(mechanism)
  const body = Buffer.alloc(2 + name.length)
  body.writeInt16BE(name.length)
  name.copy(body, 2)
  return {
    apiKey: SASL_HANDSHAKE,
    apiVersion: 1,
    apiName: 'SaslHandshake',
    body,
    decode(payload) {
      const reader = new ByteReader(payload)
      const code = reader.int16()
      if (code === 0) return
      const offered: string[] = []
      for (let count = reader.int32(); count > 0; count--) {
        const length = reader.int16()
        reader.at += length
        offered.push(payload.toString('utf8', reader.at - length, reader.at))
      }
      const sentence =
        offered.length > 0
          ? `The broker ${broker} offers ${offered.join(', ')}, not ${mechanism}: set KAFKA_SASL_MECHANISM accordingly.`
          : `The listener of the broker ${broker} asks for no login (${errorName(code)}): unset KAFKA_USERNAME, or name another port.`
      throw new KafkaError(code === 34 ? 'ILLEGAL_SASL_STATE' : 'UNSUPPORTED_SASL_MECHANISM', sentence)
    },
  }
}

interface Authenticated {
  errorCode: number
  message: string
  bytes: Buffer
  lifetimeMs: number
}

function authenticateRequest(bytes: Buffer): WireRequest<Authenticated> {
  return flexibleRequest({
    apiKey: SASL_AUTHENTICATE,
    apiVersion: 2,
    apiName: 'SaslAuthenticate',
    body: [compact(bytes)],
    decode: reader => ({
      errorCode: reader.int16(),
      message: reader.string(),
      bytes: reader.bytes(),
      lifetimeMs: reader.int64(),
    }),
  })
}

function refusal(
  { errorCode, message }: Authenticated,
  mechanism: SaslMechanism,
  user: string,
  broker: string,
): KafkaError {
  const of = mechanism === 'oauthbearer' ? 'the token' : `the user ${user} or its password`
  const check =
    mechanism === 'oauthbearer'
      ? 'the settings KAFKA_OAUTH_…'
      : 'KAFKA_USERNAME, KAFKA_PASSWORD and KAFKA_SASL_MECHANISM'
  return new KafkaError(
    errorName(errorCode),
    `The broker ${broker} refuses ${of} (${message || errorName(errorCode)}). Check ${check}.`,
  )
}
