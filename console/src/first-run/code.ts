/** The same emit from a program, with the key in place. */
import { EXAMPLE } from './make.ts'

export const LANGUAGES = ['curl', 'TypeScript', 'Python', 'Go'] as const
export type Language = (typeof LANGUAGES)[number]

export function codeOf(language: Language, { base, key, event }: { base: string; key: string; event: string }): string {
  return CODE[language](base, key, event)
}

const CODE: Record<Language, (base: string, key: string, event: string) => string> = {
  curl: (base, key, event) => `curl ${base}/api/v1/events/custom/emit \\
  -H 'authorization: Bearer ${key}' \\
  -H 'content-type: application/json' \\
  -d '{ "name": "${event}", "payload": ${EXAMPLE} }'`,
  TypeScript: (base, key, event) => `import { createClient } from '@clarion/sdk'

const client = createClient({ baseUrl: '${base}', apiKey: '${key}' })
const { eventId } = await client.events.custom.emit({
  name: '${event}',
  payload: { order: 'A-1001', total: 12.5, currency: 'EUR' },
})
console.log(eventId)`,
  Python: (base, key, event) => `import clarion

client = clarion.Clarion(base_url="${base}", api_key="${key}")
result = client.events.custom.emit(
    name="${event}",
    payload={"order": "A-1001", "total": 12.5, "currency": "EUR"},
)
print(result.event_id)`,
  Go: (base, key, event) => `client, err := clarion.NewClient(clarion.Options{BaseURL: "${base}", APIKey: "${key}"})
if err != nil {
	log.Fatal(err)
}
result, err := client.Events.Custom.Emit(clarion.EmitCustomEventInput{
	Name:    "${event}",
	Payload: map[string]any{"order": "A-1001", "total": 12.5, "currency": "EUR"},
})`,
}
