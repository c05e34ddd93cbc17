import { describe, expect, it } from '@jest/globals'
import { int16, int32, int64, NO_TAGS } from '../../src/kafka/protocol/flexible.ts'
import { createAuthenticate, createScram } from '../../src/kafka/protocol/sasl.ts'
import type { AccessToken, KafkaSettings, WireRequest } from '../../src/kafka/protocol/types.ts'
import { createManualClock } from '../delivery/manual-clock.ts'

/** The conversation of RFC 7677, section 3. */
const NONCE = 'rOprNGfwEbeRWgbNEkqO'
const SERVER_FIRST = `r=${NONCE}%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096`
const PROOF = 'p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ='
const SERVER_FINAL = 'v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4='
const random = { bytes: () => Buffer.from(NONCE, 'base64url') }

function converse(serverFirst: string, serverFinal: string) {
  const sent: string[] = []
  const answers = [serverFirst, serverFinal]
  const ask = async (bytes: Buffer) => {
    sent.push(bytes.toString())
    return Buffer.from(answers[sent.length - 1]!)
  }
  return { sent, done: createScram({ name: 'user', password: 'pencil' }, 'sha256', random)(ask, 'broker:9092') }
}

describe('SCRAM', () => {
  it('speaks as the example of the standard does', async () => {
    const { sent, done } = converse(SERVER_FIRST, SERVER_FINAL)
    await done
    expect(sent).toEqual([`n,,n=user,r=${NONCE}`, `c=biws,${SERVER_FIRST.split(',')[0]},${PROOF}`])
  })

  it('does not believe a server that cannot prove that it knows the password', async () => {
    for (const wrong of [SERVER_FINAL.replace('6rri', '7rri'), 'v=', 'e=other-error'])
      await expect(converse(SERVER_FIRST, wrong).done).rejects.toThrow('does not know the password')
  })

  it.each([
    ['another nonce than ours', SERVER_FIRST.replace('rOpr', 'xOpr')],
    ['our nonce and nothing of its own', `r=${NONCE},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096`],
    ['so few iterations that the password could be guessed', SERVER_FIRST.replace('4096', '1')],
    ['nonsense', 'hello'],
  ])('sends no proof to a server with %s', async (_, first) => {
    const { sent, done } = converse(first, SERVER_FINAL)
    await expect(done).rejects.toMatchObject({ type: 'SASL_AUTHENTICATION_FAILED' })
    expect(sent).toHaveLength(1)
  })
})

describe('OAUTHBEARER', () => {
  const session = 600_000

  /** A broker that accepts every token but `bad`. */
  function setUp(tokens: AccessToken[]) {
    const clock = createManualClock()
    const shown: string[] = []
    const settings: KafkaSettings = {
      brokers: [],
      clientId: 'test',
      mechanism: 'oauthbearer',
      token: async () => tokens.shift()!,
    }
    const exchange = async <T>(request: WireRequest<T>): Promise<T> => {
      if (request.apiName === 'SaslHandshake') return request.decode(Buffer.concat([int16(0), int32(0)]))
      const text = request.body.toString()
      if (text.includes('Bearer')) shown.push(/Bearer (\w+)/.exec(text)![1]!)
      const challenge = Buffer.from('{"status":"invalid_token"}')
      if (text.includes('bad')) return request.decode(answer(0, challenge))
      if (text.length < 5) return request.decode(answer(58, Buffer.alloc(0)))
      return request.decode(answer(0, Buffer.alloc(0)))
    }
    const answer = (code: number, bytes: Buffer) =>
      Buffer.concat([
        NO_TAGS,
        int16(code),
        Buffer.of(0),
        Buffer.of(bytes.length + 1),
        bytes,
        int64(BigInt(session)),
        NO_TAGS,
      ])
    const authenticate = createAuthenticate(settings, {
      clock,
      random: { bytes: () => Buffer.alloc(0), uniform: () => 0 },
    })!
    return { clock, shown, login: () => authenticate(exchange, 'broker:9092') }
  }

  it('sends a token on each connection and gets a new one at 80 % of its lifetime', async () => {
    const { clock, shown, login } = setUp([
      { value: 'one', lifetimeMs: 1_000 },
      { value: 'two', lifetimeMs: 1_000 },
    ])
    expect(await login()).toBe(session)
    clock.advance(799)
    await login()
    clock.advance(1)
    await login()
    expect(shown).toEqual(['one', 'one', 'two'])
  })

  it("ends with the broker's error about a token, and gets another one next time", async () => {
    const { shown, login } = setUp([{ value: 'bad', lifetimeMs: 1_000 }, { value: 'good' }])
    await expect(login()).rejects.toMatchObject({
      type: 'SASL_AUTHENTICATION_FAILED',
      message: expect.stringContaining('invalid_token'),
    })
    await login()
    expect(shown).toEqual(['bad', 'good'])
  })
})
