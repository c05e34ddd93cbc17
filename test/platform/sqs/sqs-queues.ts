/** Queues of one organization, called by the AWS SDK as its users call it. */
import { SQSClient } from '@aws-sdk/client-sqs'
import type { TestOrganization, TestPlatform } from '../../support/platform.ts'

export interface AwsCredentialsAnswer {
  accessKeyId: string
  secretAccessKey: string
  region: string
  endpoint: string
}

export interface SqsQueues {
  organization: TestOrganization
  client: SQSClient
  /** Queues that get their own events alone. */
  scope(kind: string): SqsQueues
  credentials: AwsCredentialsAnswer
  /** A new queue; answers what SQS calls it. */
  queue(settings?: object): Promise<{ id: string; name: string; url: string; arn: string }>
  emit(n: number, subject?: string): Promise<string>
}

export const clientOf = ({ accessKeyId, secretAccessKey, region, endpoint }: AwsCredentialsAnswer): SQSClient =>
  new SQSClient({ region, endpoint, credentials: { accessKeyId, secretAccessKey }, maxAttempts: 1 })

/** Of the key with this id. */
export async function credentialsOf(organization: TestOrganization, keyId: string): Promise<AwsCredentialsAnswer> {
  const made = await organization.call<AwsCredentialsAnswer>('POST', `/api/v1/keys/${keyId}/aws-credentials`)
  if (made.status !== 200) throw new Error(`no credentials: ${JSON.stringify(made.body)}`)
  return made.data
}

export async function openSqsQueues(platform: TestPlatform): Promise<SqsQueues> {
  const organization = await platform.organization()
  const { data } = await organization.call<{ key: { id: string } }>('GET', '/api/v1/whoami')
  const credentials = await credentialsOf(organization, data.key.id)
  let made = 0
  const scope = (kind: string): SqsQueues => ({
    organization,
    scope,
    client: clientOf(credentials),
    credentials,
    async queue(settings = {}) {
      made++
      const body = { name: `q${made}`, selectors: [`platformxe.generic#${kind}`], ...settings }
      const answer = await organization.call<{ id: string }>('POST', '/api/v1/queues', body)
      if (answer.status !== 201) throw new Error(`no queue: ${JSON.stringify(answer.body)}`)
      const at = `${organization.org.id}/${body.name}`
      const arn = `arn:aws:sqs:clarion:${organization.org.id}:${body.name}`
      return { id: answer.data.id, name: body.name, url: `${platform.base}/sqs/${at}`, arn }
    },
    async emit(n, subject) {
      const answer = await organization.call<{ eventId: string }>('POST', '/api/v1/events/custom/emit', {
        ...{ name: 'platformxe.generic', payload: { kind, data: { n } } },
        ...(subject === undefined ? {} : { subject }),
      })
      if (answer.status !== 202) throw new Error(`not emitted: ${JSON.stringify(answer.body)}`)
      return answer.data.eventId
    },
  })
  return scope('job')
}
