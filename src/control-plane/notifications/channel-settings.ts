/** The settings of a notification channel, checked, and in the form of the record. */
import type { SecretBox } from '../../crypto/secret-box.ts'
import type { CheckAddresses } from '../../delivery/check-addresses.ts'
import { ClarionError, type Finding } from '../../model/codes.ts'
import type { ChannelType, NotificationChannel, QuietHours } from '../../model/notifications.ts'
import { isMailAddress } from '../../notifications/mail.ts'
import { oneLine } from '../../notifications/message.ts'
import { isTimeZone } from '../../notifications/quiet-hours.ts'
import { templateProblem } from '../../notifications/template.ts'
import { checkOwnHeaders } from '../webhooks/webhook-headers.ts'
import type { CheckUrl } from '../webhooks/webhook-settings.ts'

/** By type: `recipients`; `url`; `url`, `template`, `headers`; nothing. */
export interface ChannelConfig {
  recipients?: string[]
  url?: string
  template?: string | null
  headers?: Record<string, string> | null
}

export interface ChannelSettings {
  name?: string
  config?: ChannelConfig
  minSeverity?: NotificationChannel['minSeverity']
  rateLimit?: NotificationChannel['rateLimit']
  quietHours?: QuietHours | null
  active?: boolean
}

export interface SettingsDeps {
  checkUrl: CheckUrl
  checkAddresses?: CheckAddresses
  secrets: SecretBox
}

/** The fields that a configuration may have, and those it needs. */
const FIELDS: Record<ChannelType, { may: ReadonlyArray<keyof ChannelConfig>; needs: keyof ChannelConfig | undefined }> =
  {
    email: { may: ['recipients'], needs: 'recipients' },
    slack_webhook: { may: ['url'], needs: 'url' },
    generic_webhook: { may: ['url', 'template', 'headers'], needs: 'url' },
    in_app: { may: [], needs: undefined },
  }

/**
 * The fields of the record that follow from the settings. `isNew`: what the type needs must be there. Throws
 * `validation_failed`, `invalid_webhook_url`, `https_required`, `header_not_allowed`.
 */
export async function checkedChannel(
  type: ChannelType,
  settings: ChannelSettings,
  deps: SettingsDeps,
  isNew: boolean,
): Promise<Partial<NotificationChannel>> {
  const { config, quietHours, name, minSeverity, rateLimit, active } = settings
  const given = { name, minSeverity, rateLimit, active, quietHours }
  const fields: Partial<NotificationChannel> = Object.fromEntries(
    Object.entries(given).filter(([, value]) => value !== undefined),
  )
  if (quietHours) checkQuietHours(quietHours)
  if (isNew) checkNeeded(type, config ?? {})
  if (config !== undefined) Object.assign(fields, await checkedConfig(type, config, deps))
  return fields
}

function checkNeeded(type: ChannelType, config: ChannelConfig): void {
  const { needs } = FIELDS[type]
  if (needs !== undefined && config[needs] === undefined)
    throw invalid(`/config/${needs}`, 'required', `is missing: a channel of type ${type} needs it`)
}

async function checkedConfig(
  type: ChannelType,
  config: ChannelConfig,
  deps: SettingsDeps,
): Promise<Partial<NotificationChannel>> {
  const { may } = FIELDS[type]
  const foreign = Object.keys(config).find(field => !(may as readonly string[]).includes(field))
  if (foreign !== undefined) {
    const known = may.length === 0 ? 'its config is {}' : `its config has ${may.join(', ')}`
    throw invalid(`/config/${foreign}`, 'additionalProperties', `is not a setting of the type ${type}: ${known}`)
  }
  const fields: Partial<NotificationChannel> = {}
  if (config.recipients !== undefined) fields.recipients = checkedRecipients(config.recipients)
  if (config.url !== undefined) Object.assign(fields, urlFields(type, await checkedUrl(config.url, deps), deps.secrets))
  if (config.template !== undefined) fields.template = checkedTemplate(config.template)
  if (config.headers !== undefined) Object.assign(fields, headerFields(config.headers ?? {}, deps.secrets))
  return fields
}

function urlFields(type: ChannelType, url: string, secrets: SecretBox): Partial<NotificationChannel> {
  return type === 'slack_webhook' ? { encryptedUrl: secrets.encrypt(url), urlHint: hintOf(url) } : { url }
}

/** The path of an incoming webhook is its secret: with it anybody can post. */
const hintOf = (url: string): string => `${new URL(url).origin}/…`

async function checkedUrl(url: string, { checkUrl, checkAddresses }: SettingsDeps): Promise<string> {
  const refusal = checkUrl(url) ?? (await checkAddresses?.(url))
  if (refusal === undefined) return new URL(url).href
  const details = (refusal.details ?? []).map(each => ({ ...each, path: '/config/url' }))
  throw new ClarionError(refusal.code, refusal.message, {
    details: details.length > 0 ? details : [{ path: '/config/url', rule: refusal.code, message: refusal.message }],
  })
}

function checkedRecipients(recipients: string[]): string[] {
  const at = recipients.findIndex(address => !isMailAddress(address))
  if (at >= 0)
    throw invalid(`/config/recipients/${at}`, 'email', 'is not an e-mail address: write name@domain, one per entry')
  return [...new Set(recipients)]
}

function checkedTemplate(template: string | null): string | null {
  const problem = template === null ? undefined : templateProblem(template)
  if (problem !== undefined) throw invalid('/config/template', 'template', problem)
  return template
}

function headerFields(headers: Record<string, string>, secrets: SecretBox): Partial<NotificationChannel> {
  checkOwnHeaders(headers)
  const headerNames = Object.keys(headers)
  return { headerNames, encryptedHeaders: headerNames.length === 0 ? null : secrets.encrypt(JSON.stringify(headers)) }
}

function checkQuietHours({ from, to, timeZone }: QuietHours): void {
  if (from === to) throw invalid('/quietHours/to', 'range', 'must differ from the beginning: null ends quiet hours')
  if (!isTimeZone(timeZone))
    throw invalid('/quietHours/timeZone', 'timeZone', 'is not a time zone: use a name such as Europe/Berlin or UTC')
}

function invalid(path: string, rule: string, message: string): ClarionError {
  const details: Finding[] = [{ path, rule, message }]
  return new ClarionError('validation_failed', `The channel is wrong at ${path}: it ${oneLine(message)}.`, { details })
}
