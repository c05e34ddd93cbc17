import { readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { KafkaProgram } from '../../src/embedded/kafka-jars.ts'

/** Kafka of another version, from a directory that holds its jars; class archive and templates go beside it. */
export function otherProgram(directory: string | undefined): KafkaProgram | undefined {
  if (!directory) return undefined
  const jars = readdirSync(directory).filter(name => name.endsWith('.jar')).sort() // biome-ignore format: one thought
  return { directory: dirname(directory), classpath: jars.map(name => join(directory, name)).join(':') }
}
