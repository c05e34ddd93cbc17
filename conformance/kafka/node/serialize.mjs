/** Confluent's JSON Schema serializer for JavaScript, as its documentation shows it; what it frames is printed for a producer to send. */
import { readFileSync } from 'node:fs'
import { JsonDeserializer, JsonSerializer, SchemaRegistryClient, SerdeType } from '@confluentinc/schemaregistry'

const { url, key, topic, subject, schemas } = JSON.parse(readFileSync(process.argv[2], 'utf8'))
const client = new SchemaRegistryClient({
  baseURLs: [url],
  basicAuthCredentials: { credentialsSource: 'USER_INFO', userInfo: `any:${key}` },
})
const checks = []
const check = (what, passed) => checks.push({ what, passed: Boolean(passed) })
const refused = call =>
  call().then(
    () => false,
    () => true,
  )

const bySubject = new JsonSerializer(client, SerdeType.VALUE, {
  useLatestVersion: true,
  autoRegisterSchemas: false,
  subjectNameStrategy: () => subject,
  validate: true,
})
const framed = [await bySubject.serialize(topic, { id: 'a', note: 'by the latest version' })]
check('serializes with the latest version of a subject', framed[0][0] === 0)
check('refuses what the schema refuses', await refused(() => bySubject.serialize(topic, { note: 'no id' })))

const id = await client.getId(subject, { schemaType: 'JSON', schema: JSON.stringify(schemas[0]) })
const byId = new JsonSerializer(client, SerdeType.VALUE, {
  useSchemaId: id,
  autoRegisterSchemas: false,
  subjectNameStrategy: () => subject,
})
framed.push(await byId.serialize(topic, { id: 'b' }))
check('finds the id of a schema and serializes with it', framed[1].readUInt32BE(1) === id)

check(
  'registers what is there already',
  (await client.register(subject, { schemaType: 'JSON', schema: JSON.stringify(schemas[1]) })) > 0,
)
check(
  'is refused to register anything else',
  await refused(() => client.register(subject, { schemaType: 'JSON', schema: '{"type":"object"}' })),
)
check(
  'lists subjects and versions',
  (await client.getAllSubjects()).includes(subject) && (await client.getAllVersions(subject)).join() === '1,2',
)
check(
  'is told what is compatible',
  (await client.testSubjectCompatibility(subject, {
    schemaType: 'JSON',
    schema: JSON.stringify({ ...schemas[1], required: ['id', 'note'] }),
  })) === false,
)
const deserializer = new JsonDeserializer(client, SerdeType.VALUE, {})
check('deserializes what it serialized', (await deserializer.deserialize(topic, framed[1])).id === 'b')
console.log(JSON.stringify({ checks, framed: framed.map(each => each.toString('base64')) }))
process.exit(0)
