/** Every setting, with a sentence, a default, a unit and an example. */
import { STORE_SETTINGS } from './list-stores.ts'
import type { Setting } from './setting.ts'

/** The list that `--help` and the README show. */
export const SETTINGS: readonly Setting[] = [
  {
    name: 'HOST',
    sentence: 'Address or name that the API listens on; 0.0.0.0 and :: are every interface.',
    default: '127.0.0.1',
    example: '0.0.0.0',
  },
  {
    name: 'PORT',
    sentence:
      'Port that the API listens on; 0 takes a free one. A process without the role api serves its health there if it is set.',
    default: '8080',
    example: '8080',
  },
  {
    name: 'METRICS_PORT',
    sentence: 'Port that serves /metrics, /health and /ready without a key, besides PORT; 0 takes a free one.',
    default: '',
    example: '9464',
  },
  {
    name: 'CLARION_DATA_DIR',
    sentence: 'Where the embedded Kafka and ClickHouse, keys and pid files live.',
    default: '.clarion',
    example: '/var/lib/clarion',
  },
  {
    name: 'CLARION_CACHE_DIR',
    sentence:
      "Directory of downloads, once per user: Kafka's jars. Without a writable home directory: cache in the data directory.",
    default: '~/.cache/clarion',
    example: '/var/cache/clarion',
  },
  {
    name: 'CLARION_ROLES',
    sentence: 'The roles of this process: api, admit, deliver, run, queue, record, or all.',
    default: 'all',
    example: 'api,admit',
  },
  ...STORE_SETTINGS,
  {
    name: 'CLARION_ADMIN_KEY',
    sentence: 'The operator key, 32 characters or more; embedded and empty: made once and kept in the data directory.',
    default: '',
    example: 'ck_admin_$(openssl rand -hex 24)',
  },
  {
    name: 'CLARION_SECRET_KEY',
    sentence:
      'Encrypts secrets and signs tags; 32 bytes or more; embedded and empty: made once and kept in the data directory.',
    default: '',
    example: '$(openssl rand -hex 32)',
  },
  {
    name: 'CLARION_SECRET_KEY_PREVIOUS',
    sentence:
      'The secret key before, while it changes: what it sealed and signed still counts; lost:<fingerprint> gives up what a lost key sealed.',
    default: '',
    example: 'the-former-key',
  },
  {
    name: 'EGRESS_ALLOW',
    sentence: 'Address ranges (CIDR, by comma) that webhooks may reach although they are private.',
    default: '',
    example: '10.0.0.0/8,192.168.1.7,fd00::/8',
  },
  {
    name: 'EGRESS_DENY',
    sentence:
      'Hosts that webhooks never reach, even within EGRESS_ALLOW, with or without a port, by comma: processes on other machines.',
    default: '',
    example: 'admit.internal:9464,10.0.0.5',
  },
  {
    name: 'EGRESS_ALLOW_HTTP',
    sentence: 'Whether webhooks may be plain http: true or false.',
    default: 'false',
    example: 'true',
  },
  {
    name: 'EGRESS_CONNECTION_AGE_MAX_MS',
    sentence:
      "How long a connection to a receiver is used before the receiver's name is looked up again; 0 keeps none.",
    default: '60000',
    unit: 'ms',
    example: '60000',
  },
  {
    name: 'HISTORY_PAUSE_MS',
    sentence:
      'Shortest pause between two inserts into the history: a shorter one makes the history newer and costs ClickHouse more. Under load a pause is up to three times as long.',
    default: '1000',
    unit: 'ms',
    example: '200',
  },
  {
    name: 'REFERENCE_DOMAIN',
    sentence: 'Whether there are calls of the reference domain, such as /api/v1/orders: on or off.',
    default: 'on',
    example: 'off',
  },
  {
    name: 'CLARION_TIME_SCALE',
    sentence:
      'Factor on retry delays, and on provisioning and scaling in the reference domain, for tests and demos; only with a broker on loopback.',
    default: '1',
    example: '0.001',
  },
  {
    name: 'CLARION_CLOCK_OFFSET_MS',
    sentence: 'Shift of the wall clock, for tests; only with a broker on loopback.',
    default: '0',
    unit: 'ms',
    example: '86400000',
  },
  {
    name: 'SMTP_URL',
    sentence:
      'Mail server, smtp://user:password@host:port or smtps:; empty writes messages into the directory mailbox of the data directory.',
    default: '',
    example: 'smtps://user:password@mail.example.com:465',
  },
  {
    name: 'MAIL_FROM',
    sentence: 'Sender of the mail.',
    default: 'Clarion <clarion@localhost>',
    example: 'clarion@example.com',
  },
  {
    name: 'CLARION_KEY_HEADER',
    sentence: 'Another header that may carry the API key.',
    default: 'x-platphorm-api-key',
    example: 'x-platphorm-api-key',
  },
  {
    name: 'ROUTES_BASE_URL',
    sentence: 'Address of a host that serves API routes alone, without the sandbox; empty serves them beside the API.',
    default: '',
    example: 'https://run.example.com',
  },
  {
    name: 'PUBLIC_URL',
    sentence:
      'Address by which clients reach the API, for URLs of queues for clients of SQS; empty takes what each call says.',
    default: '',
    example: 'https://clarion.example.com',
  },
  {
    name: 'CLARION_WAITING_EMITS_MAX',
    sentence: 'Emits that one api process takes ahead of their verdicts while none comes; beyond it callers get 503.',
    default: '100000',
    unit: 'emits',
    example: '100000',
  },
  {
    name: 'CLARION_BATCH_RECORDS_MAX',
    sentence:
      "Records that one batch of an organization's own Kafka producer may hold; larger batches go to quarantine as one entry.",
    default: '100000',
    unit: 'records',
    example: '100000',
  },
  { name: 'CONSOLE', sentence: 'Whether the api serves the web console: on or off.', default: 'on', example: 'off' },
  { name: 'LOG_LEVEL', sentence: 'debug, info, warn, error or silent.', default: 'info', example: 'info' },
  {
    name: 'OTEL_EXPORTER_OTLP_ENDPOINT',
    sentence:
      'Address of an OpenTelemetry collector (OTLP over HTTP, as http://127.0.0.1:4318), which gets the spans; empty traces nothing.',
    default: '',
    example: 'http://127.0.0.1:4318',
  },
  { name: 'OTEL_SERVICE_NAME', sentence: 'Name of the service in its spans.', default: 'clarion', example: 'clarion' },
  {
    name: 'OTEL_TRACES_SAMPLER_ARG',
    sentence:
      'Share of the traces begun here that is recorded, 0 to 1; a trace begun elsewhere is recorded if it is there.',
    default: '1',
    example: '0.25',
  },
  {
    name: 'CLARION_BROKER_HEAP_MB',
    sentence: 'Heap of the embedded broker.',
    default: '1024',
    unit: 'MB',
    example: '1024',
  },
  {
    name: 'CLARION_BROKER_PROFILE',
    sentence: 'default, or test for a broker that starts fast and runs slowly.',
    default: 'default',
    example: 'default',
  },
]
