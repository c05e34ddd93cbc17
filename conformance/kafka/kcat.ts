/**
 * kcat: one command for each step. Distributions build it on a librdkafka before 2.6.1, which cannot log in to Kafka 4 with SCRAM (it repeats its nonce;
 * confluentinc/librdkafka#4895), so it is given the library of the Python package.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { runTool } from '../webhooks/run-tool.ts'
import { CODECS } from './codecs.ts'
import type { Credential } from './platform.ts'
import type { Check } from './suite.ts'

const LINES = 20

export async function checkKcat(
  credential: Credential,
  foreign: string,
  directory: string,
  librdkafka: string,
): Promise<Check[]> {
  const kcat = (...args: string[]) => runTool('env', [`LD_PRELOAD=${librdkafka}`, 'kcat', ...args])
  const succeeds = (...args: string[]) =>
    kcat(...args).then(
      () => true,
      () => false,
    )
  const { topics, groupPrefix, librdkafkaProperties } = credential
  const settings = (but: string[]) => Object.entries(librdkafkaProperties).filter(([name]) => !but.includes(name)).flatMap(([name, value]) => ['-X', `${name}=${value}`]) // biome-ignore format: one thought
  const producing = settings(['isolation.level', 'group.id', 'auto.offset.reset'])
  const checks: Check[] = []
  for (const codec of CODECS) {
    const file = join(directory, `${codec}.jsonl`)
    writeFileSync(file, Array.from({ length: LINES }, (_, n) => `k${n}:{"kind":"${codec}","data":{"n":${n}}}\n`).join('')) // biome-ignore format: one thought
    const produced = await succeeds(
      '-P',
      '-t',
      topics.emits,
      '-K',
      ':',
      '-H',
      'name=platformxe.generic',
      '-z',
      codec,
      ...producing,
      '-l',
      file,
    )
    checks.push({ what: `produces with ${codec}`, passed: produced })
  }
  const one = join(directory, 'one.json')
  writeFileSync(one, '{}\n')
  checks.push({
    what: "is refused a neighbour's topic",
    passed: !(await succeeds('-P', '-t', foreign, ...producing, '-X', 'message.timeout.ms=5000', '-l', one)),
  })
  const total = CODECS.length * LINES
  const read = await kcat(
    '-G',
    `${groupPrefix}kcat`,
    '-c',
    String(total),
    '-J',
    ...settings(['group.id']),
    topics.events,
  )
  const messages = read.trim().split('\n').filter(Boolean).map(line => JSON.parse(line) as { payload: string; headers: string[] }) // biome-ignore format: one thought
  const kinds = messages.map(({ payload }) => (JSON.parse(payload) as { kind: string }).kind)
  const isWhole = CODECS.every(codec => kinds.filter(kind => kind === codec).length === LINES) && kinds.length === total
  checks.push({ what: 'reads back what was accepted, in a group of its own', passed: isWhole })
  checks.push({
    what: 'is told by headers what routing needs',
    passed: messages.every(({ headers }) => headers.includes('canonical-name') && headers.includes('sequence')),
  })
  return checks
}
