/** Every setting, with a sentence, a default, a unit and an example. */

export interface Setting {
  name: string
  sentence: string
  /** Empty: there is none. */
  default: string
  unit?: string
  /** A valid value; error messages end with it. */
  example: string
}

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
    sentence: 'What this process does: api, admit, deliver, run, queue, record, or all.',
    default: 'all',
    example: 'api,admit',
  },
  {
    name: 'KAFKA_BROKERS',
    sentence: 'Addresses of a Kafka cluster, host:port by comma; empty starts the embedded broker.',
    default: '',
    example: 'kafka-1:9092,[2001:db8::1]:9092',
  },
  {
    name: 'KAFKA_USERNAME',
    sentence: 'User of the platform at the cluster; empty connects without SASL.',
    default: '',
    example: 'platform',
  },
  { name: 'KAFKA_PASSWORD', sentence: 'Its password.', default: '', example: 'correct-horse-battery-staple' },
  {
    name: 'KAFKA_SASL_MECHANISM',
    sentence: 'How that user logs in: plain, scram-sha-256, scram-sha-512 or oauthbearer.',
    default: 'scram-sha-512',
    example: 'scram-sha-256',
  },
  {
    name: 'KAFKA_OAUTH_TOKEN_URL',
    sentence: 'Where tokens for oauthbearer come from: an endpoint for client credentials (RFC 6749).',
    default: '',
    example: 'https://login.example.com/oauth2/token',
  },
  { name: 'KAFKA_OAUTH_CLIENT_ID', sentence: 'The client that asks for them.', default: '', example: 'clarion' },
  { name: 'KAFKA_OAUTH_CLIENT_SECRET', sentence: 'Its secret.', default: '', example: 'correct-horse-battery-staple' },
  { name: 'KAFKA_OAUTH_SCOPE', sentence: 'The scope it asks for; empty asks for none.', default: '', example: 'kafka' },
  {
    name: 'KAFKA_SSL',
    sentence: 'Whether to reach the cluster over TLS: true or false.',
    default: 'false',
    example: 'true',
  },
  {
    name: 'KAFKA_SSL_CA',
    sentence:
      "Who signs the brokers' certificates: a file of PEM certificates, or their text; empty trusts the machine's authorities.",
    default: '',
    example: '/etc/clarion/kafka-ca.pem',
  },
  {
    name: 'KAFKA_SSL_CERT',
    sentence: "The platform's own certificate, where brokers ask for one: a PEM file or its text.",
    default: '',
    example: '/etc/clarion/kafka-client.pem',
  },
  {
    name: 'KAFKA_SSL_KEY',
    sentence: 'Its key: a PEM file or its text.',
    default: '',
    example: '/etc/clarion/kafka-client.key',
  },
  {
    name: 'KAFKA_CLIENT_BOOTSTRAP',
    sentence:
      "Addresses of the cluster for organizations' own Kafka clients, host:port by comma; empty tells them KAFKA_BROKERS.",
    default: '',
    example: 'kafka.example.com:9094',
  },
  {
    name: 'KAFKA_CLIENT_SECURITY_PROTOCOL',
    sentence:
      'SASL_SSL, or SASL_PLAINTEXT for a listener whose clients may show their passwords to the network; the embedded broker has the latter.',
    default: '',
    example: 'SASL_SSL',
  },
  {
    name: 'KAFKA_REPLICATION_FACTOR',
    sentence: 'Replicas of each topic; empty means 3 where there are three brokers or more, else 1.',
    default: '',
    unit: 'replicas',
    example: '3',
  },
  {
    name: 'CLARION_SHARDS',
    sentence: 'Units of ownership, fixed when the topics are first made.',
    default: '8',
    unit: 'shards',
    example: '8',
  },
  {
    name: 'CLARION_INSTANCE',
    sentence:
      'Lasting name of this process, which no other process of its roles has (the pod of a StatefulSet); empty: a slot of the data directory.',
    default: '',
    example: 'clarion-0',
  },
  {
    name: 'CLICKHOUSE_URL',
    sentence: 'HTTP address of a ClickHouse server, with user and password; empty starts the embedded one.',
    default: '',
    example: 'https://user:password@clickhouse.example.com:8443',
  },
  {
    name: 'CLICKHOUSE_CLUSTER',
    sentence:
      "Name of ClickHouse's cluster: the tables of a new database are replicated, and a majority has each insert. Empty: one server.",
    default: '',
    example: 'events',
  },
  {
    name: 'DATABASE_URL',
    sentence:
      "PostgreSQL 15 or newer for organizations' tables, a database of its own with its owner's login; empty starts the embedded one when a table is first used; off: no tables.",
    default: '',
    example: 'postgres://user:password@postgres.example.com:5432/clarion?sslmode=verify-full',
  },
  {
    name: 'TABLES_SHARED_CATALOG',
    sentence:
      "Whether organizations may run SQL on a server whose catalogs cannot be hidden from them: refuse or allow; they would see each other's table names.",
    default: 'refuse',
    example: 'allow',
  },
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
