/** TLS, client certificates and tokens against a real broker that requires them. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { connect as dial } from 'node:net'
import { join } from 'node:path'
import { connect as dialTls } from 'node:tls'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { createSystemClock } from '../../src/clock.ts'
import { brokerAnswers } from '../../src/embedded/broker-probe.ts'
import { chooseFreePorts } from '../../src/embedded/free-ports.ts'
import { fetchKafkaProgram } from '../../src/embedded/kafka-jars.ts'
import { findJava, spawnBroker } from '../../src/embedded/kafka-java.ts'
import { brokerSettings, PLATFORM_USER } from '../../src/embedded/kafka-settings.ts'
import { formatStorage } from '../../src/embedded/kafka-storage.ts'
import { endProcess, identifyProcess, type ProcessIdentity } from '../../src/embedded/process-identity.ts'
import { metadataRequest } from '../../src/kafka/protocol/metadata-requests.ts'
import { type KafkaSettings, openWire, type SocketFactory, type Wire } from '../../src/kafka/protocol/wire.ts'
import { createLogger } from '../../src/logger.ts'
import { cacheDirectory } from '../../src/settings/config.ts'
import { until } from '../cluster/until.ts'
import { testsUseContainers } from '../support/containers.ts'
import { adopt, makeDataDirectory, silent } from '../support/run-directory.ts'
import { selfSigned } from '../support/self-signed.ts'

const clock = createSystemClock()
const logger = createLogger('silent')
/** The lifetime of a login by a token at this broker. */
const SESSION_MS = 2_000
const [server, client, stranger] = ['127.0.0.1', 'client', 'stranger'].map(host =>
  selfSigned([host], clock.nowMs()),
) as [Pem, Pem, Pem]
type Pem = ReturnType<typeof selfSigned>

let broker: ProcessIdentity
let tls: KafkaSettings
const wires: Wire[] = []
const open = async (settings: Partial<KafkaSettings> = {}): Promise<Wire> => {
  const wire = await openWire({ ...tls, ...settings }, logger)
  wires.push(wire)
  return wire
}

const properties = (settings: Record<string, string | number>) =>
  Object.entries(settings).map(([name, value]) => `${name}=${String(value).trim().replaceAll('\n', '\\n')}\n`).join('') // biome-ignore format: one thought

/** The listener for clients uses TLS, requires a certificate, and accepts unsigned tokens. */
async function startBroker(): Promise<void> {
  const directory = makeDataDirectory()
  mkdirSync(directory, { recursive: true })
  const java = await findJava()
  const program = await fetchKafkaProgram({ cacheDir: cacheDirectory(), logger: silent })
  const password = await formatStorage(directory, 'test', { program, java, logger: silent })
  const [internal, clients, controller] = (await chooseFreePorts(3)) as [number, number, number]
  const more = {
    'listener.security.protocol.map': 'INTERNAL:SASL_PLAINTEXT,CLIENTS:SASL_SSL,CONTROLLER:SASL_PLAINTEXT',
    'listener.name.clients.ssl.keystore.type': 'PEM',
    'listener.name.clients.ssl.keystore.key': server.key,
    'listener.name.clients.ssl.keystore.certificate.chain': server.cert,
    'listener.name.clients.ssl.truststore.type': 'PEM',
    'listener.name.clients.ssl.truststore.certificates': client.cert,
    'listener.name.clients.ssl.client.auth': 'required',
    'listener.name.clients.sasl.enabled.mechanisms': 'SCRAM-SHA-512,OAUTHBEARER',
    'listener.name.clients.oauthbearer.connections.max.reauth.ms': SESSION_MS,
    'listener.name.clients.oauthbearer.sasl.jaas.config':
      'org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub="broker";',
  }
  const settings = brokerSettings('data', { internal, clients, controller }, password) + properties(more)
  writeFileSync(join(directory, 'server.properties'), settings, { mode: 0o600 })
  const child = spawnBroker({ program, java, directory, heapMb: 256, profile: 'test' })
  broker = identifyProcess(child.pid!)!
  adopt(child.pid!)
  await until('the broker answers', () => brokerAnswers(internal))
  const { cert, key } = client
  tls = {
    ...{ brokers: [`127.0.0.1:${clients}`], username: PLATFORM_USER, password, clientId: 'test', ssl: true },
    tls: { ca: server.cert, cert, key },
  }
}

/** A token as Kafka's own test login makes it: unsigned. */
function unsigned(lifetimeMs: number): string {
  const part = (claims: object) => Buffer.from(JSON.stringify(claims)).toString('base64url')
  const seconds = Math.floor(clock.nowMs() / 1_000)
  return `${part({ alg: 'none' })}.${part({ sub: PLATFORM_USER, iat: seconds, exp: seconds + lifetimeMs / 1_000 })}.`
}

const onOurs = testsUseContainers() ? describe.skip : describe // the broker of this file is a process here
onOurs('a broker with TLS', () => {
  beforeAll(startBroker, 120_000)
  afterAll(async () => {
    for (const wire of wires) await wire.close()
    if (broker) await endProcess(broker, 10_000)
  })

  it('lets in who trusts it and shows a certificate that it trusts', async () => {
    const { brokers } = await (await open()).sendToAny(metadataRequest([]))
    expect(brokers.map(({ host, port }) => `${host}:${port}`)).toEqual(tls.brokers)
  })

  it.each<[string, Partial<KafkaSettings>, RegExp]>([
    ['whose authority nobody knows', { tls: { cert: client.cert, key: client.key } }, /KAFKA_SSL_CA/],
    ['to whom no certificate is shown', { tls: { ca: server.cert } }, /KAFKA_SSL_CERT/],
    [
      'that does not know the certificate',
      { tls: { ca: server.cert, cert: stranger.cert, key: stranger.key } },
      /KAFKA_SSL_CERT/,
    ],
  ])('%s is a sentence that names the setting, at once', async (_, settings, sentence) => {
    await expect(open(settings)).rejects.toMatchObject({ type: 'TLS', message: expect.stringMatching(sentence) })
  })

  it('that requires TLS is named in the error of a connection without it', async () => {
    await expect(open({ ssl: false })).rejects.toMatchObject({
      type: 'TLS',
      message: expect.stringContaining('set KAFKA_SSL=true'),
    })
  })

  it('takes tokens, and its sessions are renewed on the same connections', async () => {
    let tokens = 0
    let sockets = 0
    const socketFactory: SocketFactory = ({ host, port, onConnect }) => {
      sockets++
      return dialTls({ socket: dial({ host, port }), host, ...tls.tls }, onConnect)
    }
    const token = async () => {
      tokens++
      return { value: unsigned(60_000), lifetimeMs: 60_000 }
    }
    const wire = await open({ mechanism: 'oauthbearer', token, socketFactory })
    const [node] = (await wire.sendToAny(metadataRequest([]))).brokers
    await wire.send(node!.nodeId, metadataRequest([]))
    const opened = sockets
    const endMs = clock.monotonicMs() + 1.5 * SESSION_MS
    while (clock.monotonicMs() < endMs) await wire.send(node!.nodeId, metadataRequest([]))
    expect([sockets, tokens]).toEqual([opened, 1])
  })

  it('refuses an expired token, with its own message', async () => {
    const token = async () => ({ value: unsigned(-60_000) })
    await expect(open({ mechanism: 'oauthbearer', token })).rejects.toMatchObject({
      type: 'SASL_AUTHENTICATION_FAILED',
    })
  })
})
