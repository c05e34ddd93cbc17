import { readFileSync } from 'node:fs'
import { describe, expect, it } from '@jest/globals'
import { brokerSettings } from '../../src/embedded/kafka-settings.ts'
import { CLICKHOUSE_IMAGE, KAFKA_IMAGE } from '../support/containers.ts'

const compose = readFileSync(new URL('../../docker-compose.yml', import.meta.url), 'utf8')
const entries = (lines: string[]) =>
  Object.fromEntries(lines.map(line => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]))

describe('docker-compose.yml', () => {
  it('runs the broker with the settings of the embedded one, other addresses apart', () => {
    const inCompose = entries(compose.slice(compose.lastIndexOf('content: |')).trim().split('\n').slice(1).map(line => line.trim())) // biome-ignore format: one thought
    const ports = { internal: 9092, clients: 9094, controller: 9093 }
    const embedded = entries(brokerSettings('/var/lib/kafka/data/logs', ports, `\${KAFKA_PASSWORD}`, '0.0.0.0').trim().split('\n')) // biome-ignore format: one thought
    expect(inCompose).toEqual({
      ...embedded,
      'advertised.listeners': embedded['advertised.listeners']?.replace('127.0.0.1:9092', 'kafka:9092'),
    })
  })

  it('runs the images that the tests run on', () => {
    expect(compose).toContain(`image: ${KAFKA_IMAGE}\n`)
    expect(compose).toContain(`image: ${CLICKHOUSE_IMAGE}\n`)
  })
})
