/** The Kafka credential of a command. kafkajs is loaded only by the commands that need it. */
import type { Credentials } from '../kafka/access.ts'
import type { Producer } from '../kafka/producer.ts'
import { type Context, type Option, UsageError } from './command.ts'
import { parseJson, readText } from './input.ts'

export const KAFKA_OPTIONS: Record<string, Option> = {
  kafka: {
    type: 'string',
    value: 'FILE',
    sentence: 'The credential: a file of clarion credentials create (CLARION_KAFKA).',
  },
}

const HOW =
  'make one: clarion credentials create NAME --access both --out kafka.json, then give --kafka kafka.json (or CLARION_KAFKA)'

/** Undefined when none is given. Throws a `UsageError` for a file that is not one. */
export async function findCredentials({ text, env }: Context): Promise<Credentials | undefined> {
  const file = text('kafka') ?? env.CLARION_KAFKA
  if (!file) return undefined
  const found = parseJson(await readText(file), file) as Partial<Credentials> | null
  if (!found?.username || !found.password || !found.bootstrapServers || !found.topics?.emits || !found.topics.events)
    throw new UsageError(`${file} is not a Kafka credential`, HOW)
  return found as Credentials
}

export async function getCredentials(context: Context): Promise<Credentials> {
  const credentials = await findCredentials(context)
  if (credentials === undefined) throw new UsageError('there is no Kafka credential', HOW)
  return credentials
}

export async function openProducer(context: Context): Promise<Producer> {
  const credentials = await getCredentials(context)
  const { createProducer } = await loadKafka()
  return createProducer({ credentials, clientId: 'clarion-cli' })
}

export async function loadKafka(): Promise<typeof import('../kafka/index.ts')> {
  try {
    return await import('../kafka/index.ts')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error
    throw new UsageError('kafkajs is not installed', 'npm install kafkajs')
  }
}
