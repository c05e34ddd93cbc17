import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { describe, expect, it } from '@jest/globals'
import { brokerSettings } from '../../src/embedded/kafka-settings.ts'
import { CLICKHOUSE_IMAGE, KAFKA_IMAGE } from '../support/containers.ts'

const root = new URL('../../', import.meta.url)
const read = (path: string) => readFileSync(new URL(path, root), 'utf8')
const compose = read('docker-compose.yml')
const entries = (text: string) =>
  Object.fromEntries(
    text
      .split('\n')
      .filter(line => line.includes('=') && !line.startsWith('#'))
      .map(line => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  )

/** The settings of one broker, as `broker.sh` writes them: its lines up to the formatting, run with paths of this machine. */
function settingsOf(node: number): Record<string, string> {
  const script = read('deploy/compose/broker.sh')
  const written = script
    .slice(0, script.indexOf('/opt/kafka/bin/kafka-storage.sh'))
    .replace('>"$settings"', '| cat')
    .replace('/etc/kafka/clarion.properties', 'deploy/compose/broker.properties')
  const env = {
    PATH: process.env.PATH!,
    NODE_ID: String(node),
    CLIENTS_PORT: String(9093 + node),
    KAFKA_PASSWORD: 'pass-word',
  }
  return entries(execFileSync('bash', ['-c', written], { cwd: root, env, encoding: 'utf8' }))
}

describe('docker-compose.yml', () => {
  it.each([1, 2, 3])('runs broker %s with the settings of the embedded one, but for addresses and replicas', node => {
    const ports = { internal: 9092, clients: 9093 + node, controller: 9093 }
    const embedded = entries(brokerSettings('/var/lib/kafka/data/logs', ports, 'pass-word', '0.0.0.0'))
    expect(settingsOf(node)).toEqual({
      ...embedded,
      'node.id': String(node),
      'controller.quorum.voters': '1@kafka-1:9093,2@kafka-2:9093,3@kafka-3:9093',
      listeners: `INTERNAL://0.0.0.0:9092,CLIENTS://0.0.0.0:${9093 + node},CONTROLLER://0.0.0.0:9093`,
      'advertised.listeners': `INTERNAL://kafka-${node}:9092,CLIENTS://127.0.0.1:${9093 + node}`,
      'broker.session.timeout.ms': '9000',
      'num.replica.fetchers': '4',
      'default.replication.factor': '3',
      'min.insync.replicas': '2',
      'replica.lag.time.max.ms': '2000',
      'unclean.leader.election.enable': 'false',
      'offsets.topic.replication.factor': '3',
      'offsets.topic.num.partitions': '6',
      'transaction.state.log.replication.factor': '3',
      'transaction.state.log.min.isr': '2',
      'transaction.state.log.num.partitions': '6',
      'share.coordinator.state.topic.replication.factor': '3',
      'share.coordinator.state.topic.min.isr': '2',
    })
  })

  it('names every broker where the platform and the clients of organizations look for them', () => {
    expect(compose).toContain('KAFKA_BROKERS: kafka-1:9092,kafka-2:9092,kafka-3:9092\n')
    expect(compose).toContain('KAFKA_CLIENT_BOOTSTRAP: 127.0.0.1:9094,127.0.0.1:9095,127.0.0.1:9096\n')
    for (const node of [1, 2, 3])
      expect(compose).toMatch(new RegExp(`NODE_ID: ${node},\\s+CLIENTS_PORT: ${9093 + node},`))
  })

  it('runs the images that the tests run on', () => {
    expect(compose).toContain(`image: ${KAFKA_IMAGE}\n`)
    expect(compose).toContain(`image: ${CLICKHOUSE_IMAGE}\n`)
  })
})

describe('the context of the image', () => {
  it('has the files that the Dockerfile copies, and nothing else', () => {
    const copied = [...read('Dockerfile').matchAll(/^COPY (?!--from=)(.*) \S+$/gm)].flatMap(([, sources]) =>
      sources!.split(' '),
    )
    const kept = read('.dockerignore').split('\n').filter(line => line.startsWith('!')).map(line => line.slice(1)) // biome-ignore format: one thought
    expect(read('.dockerignore')).toContain('\n*\n')
    expect(kept.sort()).toEqual(copied.sort())
  })
})
