/** `clarion emit` and `clarion produce`: the same event, over HTTP or by Kafka. */
import type { EmitInput } from '../client/types.ts'
import type { Command, Context, Option } from './command.ts'
import { linesOf, objectJson, readInput } from './input.ts'
import { KAFKA_OPTIONS, openProducer } from './kafka.ts'
import { waitForDeliveries } from './settled-emit.ts'

const DATA: Option = {
  type: 'string',
  value: 'JSON',
  sentence: 'The payload: JSON, @FILE, or - for stdin (default).',
}
// biome-ignore format: a table
const EMIT_OPTIONS: Record<string, Option> = {
  version: { type: 'string', value: 'X.Y.Z', sentence: 'The version that validates it; default: the highest published one.' },
  'idempotency-key': { type: 'string', value: 'TEXT', sentence: 'Emits with one key become one event.' },
  subject: { type: 'string', value: 'TEXT', sentence: 'Emits of one subject keep their order.' },
  time: { type: 'string', value: 'TIME', sentence: 'When it happened (RFC 3339), within 24 h of now.' },
  'correlation-id': { type: 'string', value: 'TEXT', sentence: 'Goes with the event.' },
  'chain-token': { type: 'string', value: 'TEXT', sentence: 'x-event-chain of the delivery that led to this.' },
}

export const emit: Command = {
  name: 'emit',
  positionals: ['NAME'],
  sentence: 'Emit an event over HTTP and show its verdict.',
  options: {
    data: DATA,
    ...EMIT_OPTIONS,
    wait: { type: 'boolean', sentence: 'Wait until every delivery has ended; exit code 1 if one failed.' },
    'wait-seconds': { type: 'string', value: 'N', sentence: 'Wait so long at most (default 60), then exit with 1.' },
  },
  notes: `The payload travels as it is written: 12.50 stays 12.50.
  clarion emit northwind.order.paid --data '{"total":12.50}' --idempotency-key order-7-paid
  clarion emit platformxe.generic --data '{"kind":"hello"}'`,
  async run(context) {
    const payloadJson = objectJson(await readInput(context.text('data') ?? '-', context.stdin), 'the payload')
    const { client, print, signal } = context
    const emitted = await client().events.custom.emit({ ...fieldsOf(context), payloadJson }, { signal })
    if (context.options.wait === true) return waitForDeliveries(context, emitted)
    print.record(emitted)
    return 0
  },
}

export const produce: Command = {
  name: 'produce',
  positionals: ['NAME'],
  sentence:
    "Emit by Kafka, into the organization's own topic; each line of stdin is a payload unless --data gives one.",
  options: {
    data: { ...DATA, sentence: 'One payload instead of stdin: JSON, @FILE, or - for all of stdin.' },
    ...EMIT_OPTIONS,
    ...KAFKA_OPTIONS,
  },
  notes: `Each line is answered with the emit id; the verdict comes later: clarion listen, clarion quarantine list. A line that is refused here, or is not
confirmed by the brokers, ends the command: lines before it are written, lines behind it are not.`,
  async run(context) {
    const producer = await openProducer(context)
    let isUnconfirmed = false
    try {
      for await (const payloadJson of payloads(context)) {
        isUnconfirmed = true
        const produced = await producer.emit({ ...fieldsOf(context), payloadJson })
        isUnconfirmed = false
        context.print.line(`${produced.emitId}  partition ${produced.partition}  offset ${produced.offset}`, produced)
        if (context.signal.aborted) break
      }
    } catch (error) {
      if (isUnconfirmed)
        context.print.note('the payload behind the last one shown was not confirmed; it may have been written')
      throw error
    } finally {
      await producer.close()
    }
    return context.signal.aborted ? 130 : 0
  },
}

async function* payloads({ text, stdin }: Context): AsyncGenerator<string> {
  const data = text('data')
  if (data !== undefined) return yield objectJson(await readInput(data, stdin), 'the payload')
  let number = 0
  for await (const line of linesOf(stdin)) {
    number++
    if (line.trim() !== '') yield objectJson(line, `line ${number}`)
  }
}

function fieldsOf({ positionals, text }: Context): Omit<EmitInput, 'payload' | 'payloadJson'> {
  const fields = {
    version: text('version'),
    idempotencyKey: text('idempotency-key'),
    subject: text('subject'),
    time: text('time'),
    correlationId: text('correlation-id'),
    chainToken: text('chain-token'),
  }
  const given = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))
  return { name: positionals[0] as string, ...given }
}
